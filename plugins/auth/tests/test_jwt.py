"""JWT, verified; and the attacks on them, each sent to a board and answered with 401."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from pegboard import Pegboard
from pegboard.requests import Request
from pegboard.routing import Route
from pegboard_auth import Auth, requires
from pegboard_auth.jwt import MAX_HEADERS, JWTVerifier, UnknownKey
from pegboard_auth.jwt_claims import ClaimRules
from pegboard_auth.jwt_keys import Algorithm, load_key
from pegboard_auth.refusals import Rejected

NOW = time.time()
SECRET = b"0123456789abcdef" * 4
RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()

ISSUER, AUDIENCE = "https://issuer.example", "api"
CLAIMS: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": int(NOW) + 3600, "scope": "read"}
RULES = ClaimRules(issuer=ISSUER, audience=frozenset({AUDIENCE}), leeway=10)

Signer = Callable[[bytes], bytes]


def b64(data: bytes | dict[str, Any]) -> bytes:
    raw = json.dumps(data).encode() if isinstance(data, dict) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def hs256(signed: bytes, secret: bytes = SECRET) -> bytes:
    return hmac.digest(secret, signed, "sha256")


def rs256(signed: bytes, key: Any = RSA) -> bytes:
    signature: bytes = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return signature


def es256(signed: bytes) -> bytes:
    r, s = decode_dss_signature(EC.sign(signed, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def token(header: Any = None, claims: Any = None, sign: Signer = hs256) -> bytes:
    signed = b64({"alg": "HS256"} if header is None else header) + b"." + b64(CLAIMS if claims is None else claims)
    return signed + b"." + b64(sign(signed))


def public_pem(key: Any) -> bytes:
    data: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return data


MATERIALS: dict[Algorithm, bytes] = {
    "HS256": SECRET,
    "RS256": public_pem(RSA),
    "ES256": public_pem(EC),
    "Ed25519": public_pem(ED),
}
SIGNERS: dict[str, Signer] = {"HS256": hs256, "RS256": rs256, "ES256": es256, "Ed25519": ED.sign, "EdDSA": ED.sign}


def verifier(*algorithms: Algorithm, kid: str | None = None, **options: Any) -> JWTVerifier:
    return JWTVerifier([load_key(name, MATERIALS[name], kid) for name in algorithms], RULES, **options)


def verify(what: JWTVerifier, given: bytes, now: float = NOW) -> Any:
    return what.verify(given, now)


# What counts


@pytest.mark.parametrize("alg", SIGNERS)
def test_a_good_token_of_every_family_counts(alg: str) -> None:
    what = verifier("Ed25519" if alg == "EdDSA" else alg)  # type: ignore[arg-type]
    assert verify(what, token({"alg": alg, "typ": "JWT"}, sign=SIGNERS[alg])).identity == "ann"


def test_public_keys_of_several_families_serve_side_by_side() -> None:
    what = verifier("RS256", "ES256", "Ed25519")
    for alg in ("RS256", "ES256", "EdDSA"):
        assert verify(what, token({"alg": alg}, sign=SIGNERS[alg])).identity == "ann"


def test_members_that_change_nothing_may_stand_in_the_header() -> None:
    header = {"alg": "HS256", "x5t": "abc", "x5c": ["a" * 2000], "cty": "x", "vendor": {"a": 1}}
    assert verify(verifier("HS256"), token(header)).identity == "ann"


def test_a_key_is_found_by_its_kid_and_one_without_a_kid_takes_any() -> None:
    named, unnamed = verifier("HS256", kid="k1"), verifier("HS256")
    for kid in ("k1", None):
        assert verify(named, token({"alg": "HS256", **({"kid": kid} if kid else {})})).identity == "ann"
    assert verify(unnamed, token({"alg": "HS256", "kid": "whatever"})).identity == "ann"


def test_keys_rotate_without_a_gap() -> None:
    old, new = load_key("HS256", b"o" * 32, "old"), load_key("HS256", b"n" * 32, "new")
    both = JWTVerifier([old, new], RULES)
    for kid, secret in (("old", b"o" * 32), ("new", b"n" * 32), (None, b"n" * 32)):
        header = {"alg": "HS256"} if kid is None else {"alg": "HS256", "kid": kid}
        assert verify(both, token(header, sign=partial(hs256, secret=secret))).identity == "ann"
    with pytest.raises(Rejected, match="signature"):
        verify(both, token({"alg": "HS256", "kid": "old"}, sign=partial(hs256, secret=b"n" * 32)))


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_the_type_that_is_asked_for_may_be_written_in_several_ways(typ: str) -> None:
    assert verify(verifier("HS256", type="at+jwt"), token({"alg": "HS256", "typ": typ})).identity == "ann"


@pytest.mark.parametrize("header", [{}, {"typ": "JWT"}, {"typ": "at"}, {"typ": ""}])
def test_another_type_than_the_one_asked_for_does_not_count(header: dict[str, str]) -> None:
    with pytest.raises(Rejected, match="typ"):
        verify(verifier("HS256", type="at+jwt"), token({"alg": "HS256", **header}))


# The examples of the standards


def jwk(**members: str) -> bytes:
    return json.dumps(members).encode()


JOE = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
VECTORS: dict[str, tuple[Algorithm, bytes, str]] = {
    # RFC 7515 appendix A.1, RFC 7519 section 3.1
    "HS256": (
        "HS256",
        base64.urlsafe_b64decode(
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow=="
        ),
        f"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{JOE}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    ),
    # RFC 7515 appendix A.2
    "RS256": (
        "RS256",
        jwk(
            kty="RSA",
            e="AQAB",
            n="ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SF"
            "d2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTB"
            "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2"
            "PAcDTW9gb54h4FRWyuXpoQ",
        ),
        (
            f"eyJhbGciOiJSUzI1NiJ9.{JOE}."
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1d"
            "nZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwu"
            "sC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        ),
    ),
    # RFC 7515 appendix A.3
    "ES256": (
        "ES256",
        jwk(
            kty="EC",
            crv="P-256",
            x="f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            y="x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        ),
        (
            f"eyJhbGciOiJFUzI1NiJ9.{JOE}."
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        ),
    ),
    # RFC 7515 appendix A.4; its payload is no JSON
    "ES512": (
        "ES512",
        jwk(
            kty="EC",
            crv="P-521",
            x="AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
            y="ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
        ),
        (
            "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA."
            "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3"
            "xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"
        ),
    ),
    # RFC 8037 appendix A.4; its payload is no JSON
    "Ed25519": (
        "Ed25519",
        jwk(kty="OKP", crv="Ed25519", x="11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
        (
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        ),
    ),
}
JOES = ClaimRules(issuer="joe", audience=frozenset("a"))


@pytest.mark.parametrize("name", VECTORS)
def test_an_example_of_the_standards_passes_as_far_as_our_rules_for_claims(name: str) -> None:
    algorithm, material, given = VECTORS[name]
    what = JWTVerifier([load_key(algorithm, material)], JOES)
    # None of them says for whom it is; that is asked only behind a good signature.
    behind = "another audience" if JOE in given else "not JSON"
    with pytest.raises(Rejected) as caught:
        what.verify(given.encode(), 1_300_819_379)
    assert caught.value.reason == behind
    head, dot, signature = given.rpartition(".")
    tampered = head + dot + ("A" if signature[0] != "A" else "B") + signature[1:]
    with pytest.raises(Rejected) as caught:
        what.verify(tampered.encode(), 1_300_819_379)
    assert caught.value.reason == "wrong signature"


def test_the_example_of_an_expired_token_is_expired_to_the_second() -> None:
    algorithm, material, given = VECTORS["HS256"]
    what = JWTVerifier([load_key(algorithm, material)], JOES)
    with pytest.raises(Rejected, match="expired"):
        what.verify(given.encode(), 1_300_819_380)


@pytest.mark.parametrize("header", ["eyJhbGciOiJub25lIn0", "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJub25lIn0"])
def test_the_example_of_an_unsecured_token_does_not_count(header: str) -> None:
    """RFC 7515 appendix A.5, RFC 7519 section 6.1."""
    algorithm, material, _ = VECTORS["HS256"]
    what = JWTVerifier([load_key(algorithm, material)], JOES)
    with pytest.raises(Rejected, match="three segments"):
        what.verify(f"{header}.{JOE}.".encode(), 1_300_819_379)
    with pytest.raises(Rejected, match="no key"):
        what.verify(f"{header}.{JOE}.AAAA".encode(), 1_300_819_379)


# What is remembered


def test_a_header_is_remembered_with_its_key_only() -> None:
    what = verifier("HS256", "RS256")
    header = {"alg": "RS256", "kid": "x"}
    assert verify(what, token(header, sign=rs256)).identity == "ann"
    with pytest.raises(Rejected, match="signature"):
        verify(what, token(header, sign=hs256))


def test_many_headers_count_and_few_are_remembered() -> None:
    what = verifier("HS256")
    for number in range(MAX_HEADERS + 10):
        assert verify(what, token({"alg": "HS256", "n": number})).identity == "ann"


def test_with_other_keys_nothing_of_the_old_ones_is_remembered() -> None:
    what, given = verifier("HS256"), token()
    verify(what, given)
    what.replace([load_key("HS256", b"n" * 32)])
    with pytest.raises(Rejected, match="signature"):
        verify(what, given)
    assert verify(what, token(sign=partial(hs256, secret=b"n" * 32))).identity == "ann"


def test_a_header_that_names_no_key_of_ours_is_told_apart() -> None:
    what = verifier("HS256", kid="k1")
    for header in ({"alg": "HS256", "kid": "k2"}, {"alg": "HS512", "kid": "k1"}):
        with pytest.raises(UnknownKey):
            verify(what, token(header))
    with pytest.raises(Rejected, match="signature") as caught:
        verify(what, token({"alg": "HS256", "kid": "k1"}, sign=lambda data: bytes(32)))
    assert not isinstance(caught.value, UnknownKey)


# What does not count


def tampered(given: bytes, segment: int, index: int = 5) -> bytes:
    segments = given.split(b".")
    changed = bytearray(segments[segment])
    changed[index] = ord("A") if changed[index] != ord("A") else ord("B")
    segments[segment] = bytes(changed)
    return b".".join(segments)


def raw(header: bytes, payload: bytes | None = None, sign: Signer = rs256) -> bytes:
    signed = b64(header) + b"." + b64(json.dumps(CLAIMS).encode() if payload is None else payload)
    return signed + b"." + b64(sign(signed))


def loose(given: bytes) -> bytes:
    """The same signature in another spelling: bits that carry nothing are set."""
    last = given[-1:]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return given[:-1] + bytes([alphabet[alphabet.index(last) + 1]])


RS = {"alg": "RS256", "kid": "k1"}
GOOD = token(RS, sign=rs256)
HEAD, BODY, SIGNATURE = GOOD.split(b".")
PEM = public_pem(RSA)
DER = RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
SSH = RSA.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
PKCS1 = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
MODULUS = b64(RSA.public_key().public_numbers().n.to_bytes(256, "big"))
JWK = json.dumps({"kty": "RSA", "n": MODULUS.decode(), "e": "AQAB"}).encode()
OTHER_JWK = {
    "kty": "RSA",
    "n": b64(OTHER_RSA.public_key().public_numbers().n.to_bytes(256, "big")).decode(),
    "e": "AQAB",
}


def by_other(signed: bytes) -> bytes:
    return rs256(signed, OTHER_RSA)


def nothing(signed: bytes) -> bytes:
    return b""


def claims(**changed: Any) -> bytes:
    return token(RS, {**CLAIMS, **changed}, rs256)


ATTACKS: dict[str, bytes] = {
    # Signature stripping and `none`
    "alg none without a signature": b64({"alg": "none"}) + b"." + BODY + b".",
    "alg none with two segments": b64({"alg": "none"}) + b"." + BODY,
    "alg none with a signature": token({"alg": "none"}, sign=rs256),
    "alg None": token({"alg": "None", "kid": "k1"}, sign=rs256),
    "alg nOnE and an empty signature": token({"alg": "nOnE"}, sign=nothing),
    "no signature": HEAD + b"." + BODY + b".",
    "signature and its dot cut off": HEAD + b"." + BODY,
    "signature alone": b".." + SIGNATURE,
    "no payload": HEAD + b".." + SIGNATURE,
    # Confusion of algorithms
    "HS256 under the public key as PEM": token({"alg": "HS256"}, sign=lambda data: hs256(data, PEM)),
    "HS256 under the public key as PEM, stripped": token({"alg": "HS256"}, sign=lambda data: hs256(data, PEM.strip())),
    "HS256 under the public key as PKCS1": token({"alg": "HS256"}, sign=lambda data: hs256(data, PKCS1)),
    "HS256 under the public key as DER": token({"alg": "HS256"}, sign=lambda data: hs256(data, DER)),
    "HS256 under the public key as OpenSSH": token({"alg": "HS256"}, sign=lambda data: hs256(data, SSH)),
    "HS256 under the public key as JWK": token({"alg": "HS256"}, sign=lambda data: hs256(data, JWK)),
    "HS256 under the modulus": token({"alg": "HS256"}, sign=lambda data: hs256(data, MODULUS)),
    "HS256 under nothing": token({"alg": "HS256"}, sign=lambda data: hs256(data, b"")),
    "HS256 under its kid": token({"alg": "HS256", "kid": "k1"}, sign=lambda data: hs256(data, b"k1")),
    "RS256 said to be PS256": token({"alg": "PS256", "kid": "k1"}, sign=rs256),
    "RS256 said to be RS512": token({"alg": "RS512", "kid": "k1"}, sign=rs256),
    "RS256 said to be ES256": token({"alg": "ES256"}, sign=rs256),
    "alg in small letters": token({"alg": "rs256", "kid": "k1"}, sign=rs256),
    "alg with a blank": token({"alg": "RS256 ", "kid": "k1"}, sign=rs256),
    "no alg": token({"kid": "k1"}, sign=rs256),
    "alg as list": token({"alg": ["RS256"], "kid": "k1"}, sign=rs256),
    "alg as number": token({"alg": 256}, sign=rs256),
    "alg as null": token({"alg": None}, sign=rs256),
    "alg as object": token({"alg": {"RS256": 1}}, sign=rs256),
    # Keys of the token's own
    "signed by another key": token(RS, sign=by_other),
    "embedded jwk": token({**RS, "jwk": OTHER_JWK}, sign=by_other),
    "embedded jwk, signature good": token({**RS, "jwk": OTHER_JWK}, sign=rs256),
    "jku": token({**RS, "jku": "https://evil.example/jwks"}, sign=rs256),
    "x5u": token({**RS, "x5u": "https://evil.example/cert"}, sign=rs256),
    "embedded x5c of another key": token({**RS, "x5c": ["MIIB"]}, sign=by_other),
    # kid injection
    "kid of a file": token({"alg": "RS256", "kid": "../../../../dev/null"}, sign=lambda data: hs256(data, b"")),
    "kid of SQL": token({"alg": "RS256", "kid": "x' UNION SELECT 'key"}, sign=rs256),
    "kid unknown": token({"alg": "RS256", "kid": "k2"}, sign=rs256),
    "kid empty": token({"alg": "RS256", "kid": ""}, sign=rs256),
    "kid as number": token({"alg": "RS256", "kid": 1}, sign=rs256),
    "kid as list": token({"alg": "RS256", "kid": ["k1"]}, sign=rs256),
    "kid as object": token({"alg": "RS256", "kid": {"$ne": ""}}, sign=rs256),
    "kid with NUL": token({"alg": "RS256", "kid": "k1\0"}, sign=rs256),
    "huge kid": token({"alg": "RS256", "kid": "k" * 5000}, sign=rs256),
    # Extensions that change how a token is read
    "crit": token({**RS, "crit": ["exp"], "exp": 1}, sign=rs256),
    "crit empty": token({**RS, "crit": []}, sign=rs256),
    "b64 false": token({**RS, "b64": False, "crit": ["b64"]}, sign=rs256),
    "b64 without crit": token({**RS, "b64": True}, sign=rs256),
    "zip": token({**RS, "zip": "DEF"}, sign=rs256),
    "enc": token({**RS, "enc": "A128GCM"}, sign=rs256),
    "JWE of five segments": b".".join([b64({"alg": "RSA-OAEP", "enc": "A128GCM"}), b"YQ", b"YQ", b"YQ", b"YQ"]),
    "JSON serialization": json.dumps({"protected": HEAD.decode(), "payload": BODY.decode()}).encode(),
    "typ as number": token({**RS, "typ": 1}, sign=rs256),
    # Tampering
    "header changed": tampered(GOOD, 0),
    "payload changed": tampered(GOOD, 1),
    "signature changed": tampered(GOOD, 2),
    "signature cut": GOOD[:-4],
    "signature longer": GOOD + b"AAAA",
    "payload of another token": HEAD + b"." + b64({**CLAIMS, "sub": "admin"}) + b"." + SIGNATURE,
    "all zeros": HEAD + b"." + BODY + b"." + b64(bytes(256)),
    "signature of one byte": HEAD + b"." + BODY + b"." + b64(b"\0"),
    "signature larger than the modulus": HEAD + b"." + BODY + b"." + b64(b"\xff" * 256),
    # Spelling
    "signature in another spelling": loose(GOOD),
    "padded": HEAD + b"." + BODY + b"." + SIGNATURE + b"==",
    "four segments": GOOD + b"." + SIGNATURE,
    "empty segments behind": GOOD + b".",
    "only dots": b"..",
    "a blank inside": HEAD + b". " + BODY + b"." + SIGNATURE,
    "standard base64": HEAD + b"." + BODY + b"." + base64.b64encode(b"\xff\xfe\xfb" * 10),
    "not ASCII": HEAD + b"." + BODY + b"\xe9." + SIGNATURE,
    # JSON
    "alg twice": raw(b'{"alg": "none", "alg": "RS256", "kid": "k1"}'),
    "alg twice by an escape": raw(b'{"\\u0061lg": "none", "alg": "RS256", "kid": "k1"}'),
    "header is a list": raw(b"[]"),
    "header is a string": raw(b'"RS256"'),
    "header is empty": raw(b"{}"),
    "header is no JSON": raw(b"alg=RS256"),
    "header is deep": raw(b'{"alg": "RS256", "x": ' + b"[" * 2500 + b"]" * 2500 + b"}"),
    "header with NaN": raw(b'{"alg": "RS256", "kid": "k1", "x": NaN}'),
    "header with half a surrogate pair": raw(b'{"alg": "RS256", "kid": "k1", "x": "\\ud800"}'),
    "sub twice": raw(json.dumps(RS).encode(), b'{"sub": "eve", ' + json.dumps(CLAIMS).encode()[1:]),
    "exp twice": raw(json.dumps(RS).encode(), b'{"exp": 1, ' + json.dumps(CLAIMS).encode()[1:]),
    "payload is a list": raw(json.dumps(RS).encode(), b"[1]"),
    "payload is a number": raw(json.dumps(RS).encode(), b"1"),
    "payload is no JSON": raw(json.dumps(RS).encode(), b"sub=ann"),
    "payload is UTF-16": raw(json.dumps(RS).encode(), json.dumps(CLAIMS).encode("utf-16")),
    "payload with half a surrogate pair": raw(json.dumps(RS).encode(), json.dumps({**CLAIMS, "x": "\ud800"}).encode()),
    "payload with a number of 5000 digits": raw(
        json.dumps(RS).encode(), b'{"x": ' + b"9" * 5000 + b", " + json.dumps(CLAIMS).encode()[1:]
    ),
    # Claims
    "no exp": token(RS, {name: value for name, value in CLAIMS.items() if name != "exp"}, rs256),
    "expired": claims(exp=int(NOW) - 3600),
    "exp as text": claims(exp="9999999999"),
    "exp as true": claims(exp=True),
    "exp as null": claims(exp=None),
    "exp as list": claims(exp=[9999999999]),
    "exp infinite": raw(json.dumps(RS).encode(), json.dumps(CLAIMS).encode()[:-1] + b', "nbf": 0, "iat": 1e999}'),
    "exp huge": claims(exp=10**300),
    "exp of 4000 digits": claims(exp=10**4000),
    "exp negative": claims(exp=-1),
    "not yet": claims(nbf=int(NOW) + 3600),
    "nbf as text": claims(nbf="0"),
    "issued in the future": claims(iat=int(NOW) + 3600),
    "iat as object": claims(iat={}),
    "another issuer": claims(iss="https://evil.example"),
    "issuer as list": claims(iss=[ISSUER]),
    "another audience": claims(aud="other"),
    "audience inside a text": claims(aud="api other"),
    "audience as object": claims(aud={"api": True}),
    "audience with a number": claims(aud=["api", 1]),
    "no subject": claims(sub=None),
    "subject as number": claims(sub=1),
    "subject with a line break": claims(sub="ann\nINFO admin logged in"),
    "huge subject": claims(sub="x" * 1000),
    "scope as number": claims(scope=1),
    "scope as object": claims(scope={"admin": True}),
    "scp with a number": claims(scp=["admin", 1]),
    "roles as object": claims(roles={"admin": True}),
    # Size
    "8193 bytes": b"x" * 8193,
    "a megabyte of dots": b"." * 1_000_000,
    "a good token, too long": claims(x="y" * 8000),
}


@requires("read")
async def whoami(request: Request) -> dict[str, Any]:
    return {"user": request.user.identity, "scopes": sorted(request.auth.scopes)}


def make_board() -> Pegboard:
    settings = {
        "issuer": ISSUER,
        "audience": [AUDIENCE],
        "keys": [
            {"algorithm": "RS256", "key": PEM.decode(), "kid": "k1"},
            {"algorithm": "ES256", "key": public_pem(EC).decode(), "kid": "k3"},
        ],
    }
    return Pegboard(routes=[Route("/", whoami)], plugins=[Auth(jwt=settings)], config={})


BOARD = make_board()


async def ask(given: bytes) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(BOARD), base_url="http://test") as client:
        return await client.get("/", headers=[(b"authorization", b"Bearer " + given)])


@pytest.mark.anyio
async def test_the_token_from_which_the_attacks_are_made_is_good() -> None:
    response = await ask(GOOD)
    assert response.status_code == 200
    assert response.json() == {"user": "ann", "scopes": ["read"]}
    assert (await ask(token({"alg": "ES256"}, sign=es256))).status_code == 200


@pytest.mark.anyio
@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_attack_ends_in_401(attack: str) -> None:
    response = await ask(ATTACKS[attack])
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="pegboard", error="invalid_token"'
    assert response.headers["cache-control"] == "no-store"
    assert response.text == "Unauthorized"


WHAT = verifier("HS256")


@given(st.integers(0, len(token()) - 1), st.integers(1, 255))
def test_no_single_byte_of_a_token_can_be_changed(position: int, difference: int) -> None:
    given = bytearray(token())
    given[position] ^= difference
    with pytest.raises(Rejected):
        verify(WHAT, bytes(given))


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_a_signature_over_anything_raises_nothing_but_rejected(header: bytes, payload: bytes) -> None:
    with pytest.raises(Rejected):
        verify(WHAT, raw(header, payload, hs256))

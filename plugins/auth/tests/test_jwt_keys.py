"""Keys that verify, and those that are refused."""

import base64
import json
from base64 import b64encode, urlsafe_b64encode
from binascii import hexlify
from secrets import token_bytes
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519

from pegboard_auth.jwt_keys import ALGORITHMS, Algorithm, is_symmetric, load_key

SECRET = b"0123456789abcdef" * 4


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def pem(key: Any) -> bytes:
    data: bytes = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return data


def private_pem(key: Any) -> bytes:
    data: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return data


RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()

RFC_7515_PAYLOAD = b"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
RFC_7515_SECRET = unpadded("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
RFC_7515_N = (
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-"
    "pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2Ca"
    "pHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb5"
    "4h4FRWyuXpoQ"
)
RFC_7515_RSA_SIGNATURE = (
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr"
    "7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--x"
    "i12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_Ioy"
    "pGlUPQGe77Rw"
)
RFC_7515_RSA = {
    "kty": "RSA",
    "n": RFC_7515_N,
    "e": "AQAB",
}
RFC_7515_EC = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
RFC_8037_OKP = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}

VECTORS: list[tuple[Algorithm, bytes, bytes, str]] = [
    (
        "HS256",
        RFC_7515_SECRET,
        b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + RFC_7515_PAYLOAD,
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    ),
    (
        "RS256",
        json.dumps(RFC_7515_RSA).encode(),
        b"eyJhbGciOiJSUzI1NiJ9." + RFC_7515_PAYLOAD,
        RFC_7515_RSA_SIGNATURE,
    ),
    (
        "ES256",
        json.dumps(RFC_7515_EC).encode(),
        b"eyJhbGciOiJFUzI1NiJ9." + RFC_7515_PAYLOAD,
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    ),
    (
        "Ed25519",
        json.dumps(RFC_8037_OKP).encode(),
        b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    ),
]


@pytest.mark.parametrize(("algorithm", "material", "signed", "signature"), VECTORS, ids=[row[0] for row in VECTORS])
def test_the_vectors_of_rfc_7515_and_8037_verify_and_no_neighbour_of_them_does(
    algorithm: Algorithm, material: bytes, signed: bytes, signature: str
) -> None:
    key, good = load_key(algorithm, material), unpadded(signature)
    assert key.verify(signed, good)
    assert not key.verify(signed + b"A", good)
    assert not key.verify(signed, good[:-1])
    assert not key.verify(signed, good + b"\0")
    assert not key.verify(signed, bytes([good[0] ^ 1]) + good[1:])
    assert not key.verify(signed, b"")
    assert not key.verify(signed, bytes(len(good)))
    assert not key.verify(signed, signature)  # type: ignore[arg-type]


def test_ed25519_goes_by_its_old_name_too_and_others_by_their_own_only() -> None:
    assert load_key("Ed25519", pem(ED.public_key())).names == ("Ed25519", "EdDSA")
    assert load_key("ES256", pem(EC.public_key())).names == ("ES256",)


def test_every_algorithm_is_known_to_the_library() -> None:
    curves = {"ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
    for algorithm in ALGORITHMS:
        public: Any = ED if algorithm == "Ed25519" else RSA
        if algorithm.startswith("ES"):
            public = EC if algorithm == "ES256" else ec.generate_private_key(curves[algorithm])
        material = SECRET if is_symmetric(algorithm) else pem(public.public_key())
        assert load_key(algorithm, material, "k").kid == "k"


@pytest.mark.parametrize("spell", [bytes, b64encode, urlsafe_b64encode, hexlify], ids=lambda spell: str(spell.__name__))
def test_random_bytes_are_a_secret_however_they_are_written(spell: Any) -> None:
    for first in range(256):
        assert load_key("HS256", spell(bytes([first]) + token_bytes(47))).algorithm == "HS256"


DER = RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

REFUSED: dict[str, tuple[Algorithm, bytes]] = {
    "a public RSA key as secret": ("HS256", pem(RSA.public_key())),
    "a public EC key as secret": ("HS256", pem(EC.public_key())),
    "a public Ed25519 key as secret": ("HS512", pem(ED.public_key())),
    "a public key in DER as secret": (
        "HS256",
        DER,
    ),
    "a public key of OpenSSH as secret": (
        "HS256",
        RSA.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH),
    ),
    "a public key behind other text as secret": ("HS256", b"key:\n" + pem(RSA.public_key())),
    "a JWK as secret": ("HS256", json.dumps(RFC_7515_EC).encode()),
    "a JWK Set as secret": ("HS256", json.dumps([RFC_7515_EC]).encode()),
    "the body of a PEM file as secret": ("HS256", b"".join(pem(RSA.public_key()).splitlines()[1:-1])),
    "a public key in base64url as secret": ("HS256", urlsafe_b64encode(DER).rstrip(b"=")),
    "a public key in hexadecimal as secret": ("HS256", DER.hex().encode()),
    "a PEM file in base64 as secret": ("HS256", b64encode(pem(RSA.public_key()))),
    "a short secret": ("HS256", SECRET[:31]),
    "a secret for a shorter hash": ("HS512", SECRET[:63]),
    "an empty secret": ("HS256", b""),
    "a private RSA key": ("RS256", private_pem(RSA)),
    "a private EC key": ("ES256", private_pem(EC)),
    "a private JWK": (
        "Ed25519",
        json.dumps({**RFC_8037_OKP, "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}).encode(),
    ),
    "1024 bits of RSA": ("RS256", pem(rsa.generate_private_key(65537, 1024).public_key())),
    "an EC key for RSA": ("RS256", pem(EC.public_key())),
    "an RSA key for EC": ("ES256", pem(RSA.public_key())),
    "another curve": ("ES256", pem(ec.generate_private_key(ec.SECP384R1()).public_key())),
    "Ed448": ("Ed25519", pem(ed448.Ed448PrivateKey.generate().public_key())),
    "X25519": ("Ed25519", pem(x25519.X25519PrivateKey.generate().public_key())),
    "DSA": ("RS256", pem(dsa.generate_private_key(2048).public_key())),
    "a JWK for another algorithm": ("ES256", json.dumps({**RFC_7515_EC, "alg": "ES384"}).encode()),
    "a JWK for encryption": ("ES256", json.dumps({**RFC_7515_EC, "use": "enc"}).encode()),
    "a JWK that is not for verifying": ("ES256", json.dumps({**RFC_7515_EC, "key_ops": ["sign"]}).encode()),
    "a JWK without its point": ("ES256", b'{"kty": "EC", "crv": "P-256"}'),
    "a point that is not on the curve": ("ES256", json.dumps({**RFC_7515_EC, "y": RFC_7515_EC["x"]}).encode()),
    "text": ("RS256", b"hunter2hunter2hunter2hunter2"),
    "broken PEM": ("RS256", b"-----BEGIN PUBLIC KEY-----\nhunter2\n-----END PUBLIC KEY-----"),
    "nothing": ("ES256", b""),
    "brackets without end": ("ES256", b"[" * 100_000),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_key_that_is_weak_private_or_of_another_kind_is_refused_without_being_shown(case: str) -> None:
    algorithm, material = REFUSED[case]
    with pytest.raises(ValueError, match=r".") as caught:
        load_key(algorithm, material)
    assert type(caught.value) is ValueError
    message = str(caught.value)
    assert "hunter2" not in message
    lines = [line for line in material.decode("latin-1").splitlines() if len(line) > 30]
    assert not any(line in message for line in lines)


def test_a_key_does_not_show_itself() -> None:
    assert repr(load_key("HS256", SECRET, "k1")) == "VerificationKey('HS256', kid='k1')"

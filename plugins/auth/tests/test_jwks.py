"""Which keys of a published set count."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from pegboard_auth.fetching import FetchError
from pegboard_auth.jwks import MAX_KEYS, read_keys
from pegboard_auth.jwt_keys import Algorithm

RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")
EC384 = ECKey.generate_key("P-384")
ED = OKPKey.generate_key("Ed25519")
ALL: tuple[Algorithm, ...] = ("RS256", "PS256", "ES256", "ES384", "Ed25519")


def public(key: Any, **more: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": "k1", **more}


def read(*entries: Any, allowed: tuple[Algorithm, ...] = ALL) -> list[str]:
    keys, complaints = read_keys({"keys": list(entries)}, allowed)
    assert len(complaints) <= len(entries)
    return [key.algorithm for key in keys]


def test_a_key_is_bound_to_the_algorithms_of_its_family_or_the_one_it_names() -> None:
    assert read(public(RSA)) == ["RS256", "PS256"]
    assert read(public(RSA, alg="PS256")) == ["PS256"]
    assert read(public(EC)) == ["ES256"]
    assert read(public(EC384)) == ["ES384"]
    assert read(public(ED)) == read(public(ED, alg="EdDSA")) == read(public(ED, alg="Ed25519")) == ["Ed25519"]
    assert read(public(RSA), public(EC, kid="k2"), allowed=("ES256",)) == ["ES256"]


def test_members_of_others_are_no_matter() -> None:
    assert read(public(RSA, use="sig", key_ops=["verify"], x5c=["MII"], x5t="a", vendor={"a": 1})) == ["RS256", "PS256"]


ENTRIES: dict[str, Any] = {
    "a secret": {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA", "kid": "k1"},
    "a secret that says RS256": {**OctKey.generate_key(256).as_dict(), "alg": "RS256"},
    "a private key": {**RSA.as_dict(private=True), "kid": "k1"},
    "a private EC key": {**EC.as_dict(private=True), "kid": "k1"},
    "for encryption": public(RSA, use="enc"),
    "operations of others": public(RSA, key_ops=["encrypt"]),
    "operations that are no list": public(RSA, key_ops="verify"),
    "an algorithm that is not allowed": public(RSA, alg="RS384"),
    "an algorithm of another family": public(RSA, alg="ES256"),
    "none": public(RSA, alg="none"),
    "HMAC": public(RSA, alg="HS256"),
    "alg as list": public(RSA, alg=["RS256"]),
    "kid as number": public(RSA, kid=1),
    "an unknown type": public(RSA, kty="XYZ"),
    "type as list": public(RSA, kty=["RSA"]),
    "another curve": public(EC, crv="P-257"),
    "a curve that is not its own": public(EC, crv="P-384"),
    "RSA of 1024 bits": public(RSA, n="x" * 171),
    "no modulus": {"kty": "RSA", "e": "AQAB"},
    "modulus as number": public(RSA, n=5),
    "a point off the curve": public(EC, x=EC.as_dict(private=False)["y"]),
    "a string": "key",
    "null": None,
    "a list": [],
}


@pytest.mark.parametrize("case", ENTRIES)
def test_what_does_not_count_is_left_out_with_a_reason_and_the_others_stay(case: str) -> None:
    keys, complaints = read_keys({"keys": [ENTRIES[case], public(ED, kid="good")]}, ALL)
    assert [key.kid for key in keys] == ["good"]
    assert len(complaints) == 1
    assert complaints[0].startswith("keys[0]: ")
    for secret in ("c2VjcmV0", RSA.as_dict(private=True)["d"], EC.as_dict(private=True)["d"]):
        assert str(secret) not in complaints[0]


@pytest.mark.parametrize("document", [{}, {"keys": {}}, {"keys": None}, {"keys": [{}] * (MAX_KEYS + 1)}], ids=range(4))
def test_what_is_no_set_is_an_error(document: Any) -> None:
    with pytest.raises(FetchError, match="JWK Set"):
        read_keys(document, ALL)


MEMBERS = st.sampled_from(["kty", "alg", "use", "kid", "n", "e", "crv", "x", "y", "key_ops", "d", "k"])
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=5), max_size=3)


@given(st.dictionaries(MEMBERS, VALUES | st.sampled_from(["RSA", "EC", "OKP", "P-256", "Ed25519", "AQAB", "sig"])))
def test_no_entry_raises(entry: dict[str, Any]) -> None:
    keys, complaints = read_keys({"keys": [entry]}, ALL)
    assert bool(keys) != bool(complaints)

"""Keys that verify JWT, each bound to one algorithm (RFC 8725 section 3.1).

What must never move: the key says which algorithm is used, and the token may only agree. A text that is a public key
is never an HMAC secret; private keys are refused, because whoever only verifies has no use for them. No message shows
a key.

The cryptography is joserfc's. This module refuses what joserfc lets through with a warning.
"""

from __future__ import annotations

import json
import warnings
from base64 import b64decode
from collections.abc import Iterator
from typing import Any, Final, Literal, get_args

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

__all__ = ["ALGORITHMS", "Algorithm", "VerificationKey", "is_symmetric", "load_key"]

Algorithm = Literal[
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
]
"""The algorithms a key may be bound to (RFC 7518 section 3.1, RFC 9864 section 2.2)."""

ALGORITHMS: Final[tuple[Algorithm, ...]] = get_args(Algorithm)

MIN_RSA_BITS: Final = 2048

_OTHER_NAMES: Final[dict[str, tuple[str, ...]]] = {"Ed25519": ("Ed25519", "EdDSA")}

_LOOKS_ASYMMETRIC: Final = (b"-----BEGIN ", b"---- BEGIN ", b"ssh-", b"ecdsa-sha2-")


class VerificationKey:
    """One key and its algorithm. ``names`` are what ``alg`` may say in a token's header."""

    __slots__ = ("_key", "_verify", "algorithm", "kid", "names")

    def __init__(self, algorithm: Algorithm, key: Any, kid: str | None = None) -> None:
        model = JWSRegistry(algorithms=[algorithm]).get_alg(algorithm)
        model.check_key(key)
        key.check_key_op("verify")
        self.algorithm = algorithm
        self.kid = kid
        self.names = _OTHER_NAMES.get(algorithm, (algorithm,))
        self._key = key
        self._verify = model.verify

    def verify(self, signed: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is this key's over ``signed``."""
        try:
            return self._verify(signed, signature, self._key) is True
        except (ValueError, TypeError, JoseError):
            return False

    def __repr__(self) -> str:
        return f"VerificationKey({self.algorithm!r}, kid={self.kid!r})"


def is_symmetric(algorithm: str) -> bool:
    """Whether who verifies with this algorithm could sign as well."""
    return algorithm.startswith("HS")


def load_key(algorithm: Algorithm, material: bytes, kid: str | None = None) -> VerificationKey:
    """A key from its text: the secret for HMAC, a public key as PEM or JWK for the others.

    Raises ValueError, which never shows the key, for a key that is weak, private, or of another algorithm.
    """
    load = _load_secret if is_symmetric(algorithm) else _load_public
    with warnings.catch_warnings():
        # joserfc warns of keys that it takes all the same; the loaders below refuse them.
        warnings.simplefilter("ignore")
        try:
            return VerificationKey(algorithm, load(algorithm, material), kid)
        except JoseError:
            raise ValueError(f"the key cannot be used for {algorithm}") from None


def _load_secret(algorithm: Algorithm, material: bytes) -> Any:
    # RFC 7518 section 3.2: the key is at least as long as the hash.
    least = int(algorithm[2:]) // 8
    if any(map(_looks_asymmetric, _readings(material))):
        raise ValueError(
            f"a public or private key, or a JWK, is no secret for {algorithm}; give a random one, or say the key's own "
            "algorithm"
        )
    if len(material) < least:
        raise ValueError(f"the secret has {len(material)} bytes; {algorithm} needs at least {least} random ones")
    return OctKey.import_key(material)


def _readings(material: bytes) -> Iterator[bytes]:
    """A text, and what it says as base64 or hexadecimal: a public key is no better a secret in either."""
    yield material
    text = b"".join(material.split())
    for decode in (bytes.fromhex, _from_base64):
        try:
            yield decode(text.decode("ascii"))
        except ValueError:
            continue


def _from_base64(text: str) -> bytes:
    plain = text.translate(_TO_BASE64).rstrip("=")
    return b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _looks_asymmetric(material: bytes) -> bool:
    if any(marker in material for marker in _LOOKS_ASYMMETRIC) or isinstance(_json(material), dict | list):
        return True
    try:
        OctKey.import_key(material)
    except ValueError:
        # joserfc knows public keys in DER.
        return bool(material)
    return False


def _load_public(algorithm: Algorithm, material: bytes) -> Any:
    kind, name = _PUBLIC_KINDS[algorithm[:2]]
    jwk = _as_jwk(material)
    if jwk is None and not material.lstrip().startswith(b"-----BEGIN "):
        raise ValueError(f"expected the public {name} key as PEM (-----BEGIN PUBLIC KEY-----) or as a JWK")
    try:
        key = kind.import_key(material.strip() if jwk is None else jwk)
    except Exception:  # noqa: BLE001  what the libraries say about a broken key may show it
        raise ValueError(f"this is no {name} key that can be read; expected the public key as PEM or JWK") from None
    if key.is_private:
        raise ValueError("this is a private key; give the public key, which is all that verifying needs")
    if kind is RSAKey and key.raw_value.key_size < MIN_RSA_BITS:
        raise ValueError(f"the RSA key has {key.raw_value.key_size} bits; expected at least {MIN_RSA_BITS}")
    return key


def _as_jwk(material: bytes) -> dict[str, Any] | None:
    """The JWK (RFC 7517) that a text holds, if it does."""
    value = _json(material)
    return value if isinstance(value, dict) else None


def _json(material: bytes) -> Any:
    """What a text says as JSON; None where it is none."""
    try:
        return json.loads(material)
    except (ValueError, RecursionError):
        return None


_TO_BASE64: Final = str.maketrans("-_", "+/")


_PUBLIC_KINDS: Final[dict[str, tuple[Any, str]]] = {
    "RS": (RSAKey, "RSA"),
    "PS": (RSAKey, "RSA"),
    "ES": (ECKey, "EC"),
    "Ed": (OKPKey, "Ed25519"),
}

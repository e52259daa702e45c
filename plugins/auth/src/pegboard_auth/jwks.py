"""A JWK Set (RFC 7517) as keys that verify, each bound to an algorithm. Pure: a document in, keys and complaints out.

What must never move: the set says which keys there are, and never which algorithms are accepted; those are ours. A
secret or a private key in a public document is nobody's, and is left out, as is whatever is not for signatures.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from pegboard_auth.fetching import FetchError
from pegboard_auth.jwt_keys import Algorithm, VerificationKey, load_key

__all__ = ["MAX_KEYS", "read_keys"]

MAX_KEYS: Final = 100
"""The most keys in a set."""

_MATERIAL: Final = ("kty", "n", "e", "crv", "x", "y", "d", "p", "q", "dp", "dq", "qi", "oth", "k")
_FAMILIES: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("RSA", ""): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("Ed25519",),
}
_OTHER_NAMES: Final = {"EdDSA": "Ed25519"}


def read_keys(document: Mapping[str, Any], allowed: Collection[Algorithm]) -> tuple[list[VerificationKey], list[str]]:
    """The keys of a set under the ``allowed`` algorithms, and why others were left out.

    A key that says no ``alg`` counts for all that are allowed of its family. Raises FetchError for what is no set.
    """
    entries = document.get("keys")
    if not isinstance(entries, list) or len(entries) > MAX_KEYS:
        raise FetchError(f"expected a JWK Set of at most {MAX_KEYS} keys")
    keys: list[VerificationKey] = []
    complaints: list[str] = []
    for index, entry in enumerate(entries):
        try:
            keys += _read_key(entry, allowed)
        except ValueError as error:
            complaints.append(f"keys[{index}]: {error}")
    return keys, complaints


def _read_key(entry: Any, allowed: Collection[Algorithm]) -> list[VerificationKey]:
    """One key, once for each algorithm. Raises ValueError for one that is left out."""
    if not isinstance(entry, dict):
        raise ValueError("is no JWK")  # noqa: TRY004  nobody passed a wrong argument
    kid, alg, use, operations = (entry.get(name) for name in ("kid", "alg", "use", "key_ops"))
    if not isinstance(kid, str | None) or not isinstance(alg, str | None):
        raise ValueError("has a kid or alg that is no string")  # noqa: TRY004  nobody passed a wrong argument
    may_verify = operations is None or (isinstance(operations, list) and "verify" in operations)
    if use not in (None, "sig") or not may_verify:
        raise ValueError("is not for signatures")
    family = _FAMILIES.get((str(entry.get("kty")), str(entry.get("crv", ""))), ())
    names = family if alg is None else tuple(name for name in family if name == _OTHER_NAMES.get(alg, alg))
    wanted: list[Algorithm] = [name for name in allowed if name in names]
    if not wanted:
        raise ValueError("is of no algorithm that is allowed")
    material = json.dumps({name: entry[name] for name in _MATERIAL if name in entry}).encode()
    return [load_key(name, material, kid) for name in wanted]

"""The table ``auth.jwt``: who issues tokens, for whom, and under which keys.

What must never move: a key is bound to one algorithm, secrets and public keys do not mix, and no message shows a key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from pegboard.settings import Settings
from pegboard.text_values import Secret
from pegboard_auth.credential_settings import Problems, check_takes, tried
from pegboard_auth.fetching import check_url
from pegboard_auth.jwt_keys import Algorithm, is_symmetric, load_key

__all__ = ["JWKSSettings", "JWTKeySettings", "JWTSettings"]


class JWTKeySettings(Settings, frozen=True, kw_only=True):
    """A key that verifies tokens, bound to one algorithm."""

    algorithm: Annotated[Algorithm, Meta(description="What tokens under this key are signed with.")]
    key: Annotated[
        Secret | None, Meta(description="The public key as PEM or JWK; for HS256 and the like the secret.")
    ] = None
    file: Annotated[Path | None, Meta(description="A file that holds the key.")] = None
    kid: Annotated[str | None, Meta(description="The key's name in tokens; without it any kid will do.")] = None

    def check(self) -> Problems:
        """Yield what is wrong."""
        if (self.key is None) == (self.file is None):
            yield "", "expected either key or file"
        else:
            place = "key" if self.file is None else "file"
            yield from tried(place, lambda _: load_key(self.algorithm, self.material(), self.kid), None)

    def material(self) -> bytes:
        """The text of the key. Raises ValueError when its file cannot be read."""
        if self.file is None:
            return str(self.key).encode()
        try:
            return self.file.read_bytes().strip()
        except OSError as error:
            raise ValueError(f"cannot read the file: {error.strerror or type(error).__name__}") from None


class JWKSSettings(Settings, frozen=True, kw_only=True):
    """The keys of an issuer that publishes them: where they are, and for how long they are used. Times in seconds."""

    url: Annotated[
        str | None, Meta(description="Where the JWK Set is. Left out: what the issuer's metadata says (discovery).")
    ] = None
    algorithms: Annotated[tuple[Algorithm, ...], Meta(min_length=1, description="What tokens may be signed with.")] = (
        "RS256",
        "PS256",
        "ES256",
        "Ed25519",
    )
    max_age: Annotated[float, Meta(ge=60, description="For how long keys are fresh; they are renewed before.")] = 3600.0
    max_stale: Annotated[
        float, Meta(ge=0, description="For how long beyond that they are used while the issuer is down; then 503.")
    ] = 86_400.0
    cooldown: Annotated[
        float, Meta(ge=1, description="The least time between fetches for the sake of an unknown kid.")
    ] = 30.0
    timeout: Annotated[float, Meta(gt=0, le=60, description="How long a fetch may take.")] = 5.0
    max_size: Annotated[int, Meta(ge=1024, description="The largest document, in bytes.")] = 262_144

    def check(self) -> Problems:
        """Yield what is wrong."""
        if self.url is not None and (problem := check_url(self.url)):
            yield "url", problem
        for index, name in enumerate(self.algorithms):
            if is_symmetric(name):
                yield f"algorithms[{index}]", f"{name} needs a secret, which nobody publishes"


class JWTSettings(Settings, frozen=True, kw_only=True):
    """Bearer tokens that are JWT: who issues them, for whom, and under which keys."""

    issuer: Annotated[str, Meta(min_length=1, description="What iss must be.")]
    audience: Annotated[tuple[str, ...], Meta(min_length=1, description="Names of this service; aud must have one.")]
    keys: Annotated[tuple[JWTKeySettings, ...], Meta(description="The keys that verify.")] = ()
    jwks: Annotated[
        JWKSSettings | None, Meta(description="In their place: the keys that the issuer publishes; {} finds them.")
    ] = None
    type: Annotated[str | None, Meta(description="What typ must say, such as at+jwt (RFC 9068).")] = None
    leeway: Annotated[float, Meta(ge=0, le=300, description="Seconds by which clocks may differ.")] = 30.0
    identity_claim: Annotated[str, Meta(min_length=1, description="The claim that is the identity.")] = "sub"
    roles_claim: Annotated[str, Meta(min_length=1, description="The claim that lists roles.")] = "roles"
    cache_size: Annotated[int, Meta(ge=0, description="How many verified tokens are remembered; 0 for none.")] = 1024
    revoked: Annotated[
        Callable[[Any], Any] | None,
        Meta(description="Asked with the claims of every token, sync or async; anything but False refuses it."),
    ] = None

    def check(self) -> Problems:
        """Yield what is wrong."""
        if bool(self.keys) == (self.jwks is not None):
            yield "", "expected either keys or jwks; jwks = {} finds the keys that the issuer publishes"
        if self.jwks is not None and self.jwks.url is None and (problem := check_url(self.issuer)):
            yield "issuer", f"discovery needs the issuer's URL: {problem}; or say jwks.url"
        yield from check_takes("revoked", self.revoked, "claims")
        if "" in self.audience:
            yield "audience", "expected names, got an empty one"
        if len({is_symmetric(key.algorithm) for key in self.keys}) > 1:
            yield "keys", "secrets (HS256 and the like) and public keys do not mix; give an issuer one kind"
        seen = Counter((key.algorithm, key.kid) for key in self.keys if key.kid is not None)
        for (algorithm, kid), count in seen.items():
            if count > 1:
                yield "keys", f"{count} keys for {algorithm} have the kid {kid!r}; give each its own"

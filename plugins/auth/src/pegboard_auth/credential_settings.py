"""The tables beneath the section ``auth`` that hold credentials: tokens, API keys, and accounts.

What must never move: no message shows a token, a key, a digest or a hash. Secrets are of the type `Secret`, and what is
wrong with one is described.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from inspect import signature
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from pegboard.settings import Settings
from pegboard.text_values import Secret
from pegboard_auth.basic import Account, read_accounts
from pegboard_auth.csrf import is_origin
from pegboard_auth.identity import is_name
from pegboard_auth.passwords import check_hash
from pegboard_auth.tokens import MIN_LENGTH, digest_of, parse_digest

__all__ = [
    "APIKeySettings",
    "APIKeysSettings",
    "BasicSettings",
    "Problems",
    "ThrottleSettings",
    "TokenSettings",
    "UserSettings",
    "check_takes",
    "check_twice",
    "check_words",
    "is_prefix",
    "tried",
]

Problems = Iterator[tuple[str, str]]

_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
_PREFIX = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HEADER = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-z]+")
# RFC 6749 section 3.3: what a scope is made of.
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


class TokenSettings(Settings, frozen=True, kw_only=True):
    """A bearer token from the configuration: who its bearer is, and the token as a digest or, at need, in the clear."""

    identity: Annotated[str, Meta(description="Who the bearer is: request.user.identity.")]
    digest: Annotated[
        Secret | None, Meta(description="sha256: and the 64 hexadecimal digits of the token's SHA-256.")
    ] = None
    secret: Annotated[Secret | None, Meta(description="The token itself, where it comes from the environment.")] = None
    scopes: Annotated[tuple[str, ...], Meta(description="What the bearer may do.")] = ()
    roles: Annotated[tuple[str, ...], Meta(description="What the bearer is.")] = ()
    expires: Annotated[datetime | None, Meta(description="When it ends, with a time zone.")] = None

    def check(self) -> Problems:
        """Yield what is wrong."""
        yield from _check_identity("identity", self.identity)
        yield from check_words("scopes", self.scopes)
        yield from check_words("roles", self.roles)
        if self.expires is not None and self.expires.tzinfo is None:
            yield "expires", "expected a moment with a time zone, such as 2027-01-01T00:00:00Z"
        if (self.digest is None) == (self.secret is None):
            yield "", "expected either digest or secret"
        elif self.digest is not None:
            yield from tried("digest", parse_digest, str(self.digest))
        else:
            yield from self.check_secret(str(self.secret))

    def check_secret(self, secret: str) -> Problems:
        """Yield what is wrong with a token in the clear."""
        if len(secret) < MIN_LENGTH or not _TOKEN.fullmatch(secret):
            yield (
                "secret",
                f"expected at least {MIN_LENGTH} characters of letters, digits and -._~+/; make one with new_token",
            )

    def stored_digest(self) -> str:
        """The digest, made from the token where that is given."""
        return str(self.digest).strip().lower() if self.digest is not None else digest_of(str(self.secret))


class APIKeySettings(TokenSettings, frozen=True, kw_only=True):
    """An API key: as a token, and the public prefix by which it is found."""

    prefix: Annotated[str, Meta(description="What stands before the key's dot; it is public.")]

    def check(self) -> Problems:
        """Yield what is wrong."""
        yield from super().check()
        if not is_prefix(self.prefix):
            yield "prefix", "expected 1 to 64 letters, digits, hyphens and underscores"

    def check_secret(self, secret: str) -> Problems:
        """Yield what is wrong with a key in the clear."""
        prefix, _, rest = secret.partition(".")
        if prefix != self.prefix or len(rest) < MIN_LENGTH or not re.fullmatch(r"[A-Za-z0-9_-]+", rest):
            yield (
                "secret",
                (
                    f"expected the whole key: the prefix, a dot, and at least {MIN_LENGTH} letters, "
                    "digits, hyphens and underscores; make one with new_key"
                ),
            )


class APIKeysSettings(Settings, frozen=True, kw_only=True):
    """API keys: where they are looked for, and which there are."""

    keys: Annotated[tuple[APIKeySettings, ...], Meta(description="The keys.")] = ()
    header: Annotated[str, Meta(description="The header that carries a key.")] = "x-api-key"
    query: Annotated[
        str | None, Meta(description="A query parameter that may carry a key. Query strings end up in logs.")
    ] = None
    cookie: Annotated[str | None, Meta(description="A cookie that may carry a key; best one named __Host-...")] = None
    trusted_origins: Annotated[
        tuple[str, ...], Meta(description="Origins whose pages may send the cookie, such as https://app.example.")
    ] = ()
    lookup: Annotated[
        Callable[[str], Any] | None, Meta(description="A function from a prefix to Grants, sync or async.")
    ] = None

    def check(self) -> Problems:
        """Yield what is wrong."""
        if not _HEADER.fullmatch(self.header.lower()) or self.header.lower() in ("authorization", "cookie"):
            yield "header", "expected the name of a header that nothing else uses, such as x-api-key"
        if self.query is not None and not _PREFIX.fullmatch(self.query):
            yield "query", "expected the name of a parameter: letters, digits, hyphens and underscores"
        if self.cookie is not None and not _PREFIX.fullmatch(self.cookie):
            yield "cookie", "expected the name of a cookie: letters, digits, hyphens and underscores"
        for index, origin in enumerate(self.trusted_origins):
            if not is_origin(origin):
                yield f"trusted_origins[{index}]", "expected an origin in lower case, such as https://app.example"
        if self.trusted_origins and self.cookie is None:
            yield "trusted_origins", "only a key in a cookie needs them; name the cookie, or leave them out"
        yield from check_takes("lookup", self.lookup, "prefix")
        if not self.keys and self.lookup is None:
            yield "", "expected keys, or a lookup function; without either nobody gets in"
        yield from check_twice("keys", self.keys)


class UserSettings(Settings, frozen=True, kw_only=True):
    """An account for Basic authentication."""

    name: Annotated[str, Meta(description="The user's name.")]
    password_hash: Annotated[Secret, Meta(description="The argon2id hash of the password; see hash_password.")]
    scopes: Annotated[tuple[str, ...], Meta(description="What the user may do.")] = ()
    roles: Annotated[tuple[str, ...], Meta(description="What the user is.")] = ()

    def check(self) -> Problems:
        """Yield what is wrong."""
        yield from _check_identity("name", self.name)
        if ":" in self.name:
            yield "name", "a name has no colon (RFC 7617 section 2)"
        if problem := check_hash(str(self.password_hash)):
            yield "password_hash", problem
        yield from check_words("scopes", self.scopes)
        yield from check_words("roles", self.roles)


class ThrottleSettings(Settings, frozen=True, kw_only=True):
    """How many logins may fail in a row, and over which time; then one is let through at a time."""

    account_attempts: Annotated[int, Meta(ge=0, description="For one account; 0 for no limit.")] = 10
    account_seconds: Annotated[float, Meta(gt=0, description="The time in which they are given back.")] = 300.0
    address_attempts: Annotated[
        int, Meta(ge=0, description="For one address; 0 for no limit. Behind a proxy all may have one address.")
    ] = 100
    address_seconds: Annotated[float, Meta(gt=0, description="The time in which they are given back.")] = 300.0


class BasicSettings(Settings, frozen=True, kw_only=True):
    """Basic authentication: where accounts come from, and what hashing passwords may cost."""

    users: Annotated[tuple[UserSettings, ...], Meta(description="The accounts.")] = ()
    file: Annotated[Path | None, Meta(description="A file of lines name:hash or name:hash:scopes.")] = None
    lookup: Annotated[
        Callable[[str], Any] | None, Meta(description="A function from a name to an Account or None, sync or async.")
    ] = None
    rehash: Annotated[
        Callable[[str, str], Any] | None,
        Meta(description="Called with a name and a new hash, when the stored one has outdated parameters."),
    ] = None
    threads: Annotated[
        int, Meta(ge=1, le=64, description="How many passwords are hashed at a time, in 19 MiB each.")
    ] = 2
    waiting: Annotated[int, Meta(ge=0, description="How many may wait for that; more get 503.")] = 100
    remember: Annotated[
        float, Meta(ge=0, le=3600, description="For how many seconds a good password is not hashed again; 0: always.")
    ] = 60.0
    throttle: Annotated[ThrottleSettings, Meta(description="How many logins may fail.")] = ThrottleSettings()
    max_password_size: Annotated[int, Meta(ge=8, le=65536, description="The longest password, in bytes.")] = 1024

    def check(self) -> Problems:
        """Yield what is wrong."""
        if not self.users and self.file is None and self.lookup is None:
            yield "", "expected users, a file, or a lookup function; without any nobody gets in"
        yield from check_takes("lookup", self.lookup, "name")
        yield from check_takes("rehash", self.rehash, "name", "password_hash")
        accounts, problems = self.read_file()
        yield from (("file", problem) for problem in problems)
        written = (*(user.name for user in self.users), *(account.user.identity for account in accounts))
        names = Counter(unicodedata.normalize("NFC", name) for name in written)
        for name, count in names.items():
            if count > 1:
                yield "users", f"{count} accounts have the name {name!r}; keep one"

    def read_file(self) -> tuple[list[Account], list[str]]:
        """The accounts of the file, and what is wrong with it."""
        if self.file is None:
            return [], []
        try:
            lines = list(read_accounts(self.file.read_text("utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            return [], [f"cannot read {self.file}: {getattr(error, 'strerror', None) or 'it is not UTF-8'}"]
        accounts = [account for _, account in lines if isinstance(account, Account)]
        return accounts, [f"{self.file}:{number}: {wrong}" for number, wrong in lines if isinstance(wrong, str)]


def _check_identity(key: str, identity: str) -> Problems:
    if not is_name(identity):
        yield key, "expected 1 to 255 printable characters"


def is_prefix(text: str) -> bool:
    """Whether ``text`` can be the prefix of an API key."""
    return _PREFIX.fullmatch(text) is not None


def check_words(key: str, words: Iterable[str]) -> Problems:
    """Yield which of the scopes or roles under ``key`` are none."""
    for index, word in enumerate(words):
        if not _SCOPE.fullmatch(word):
            yield f"{key}[{index}]", "expected a word of printable ASCII without blanks, quotes and backslashes"


def check_twice(key: str, tokens: Iterable[TokenSettings]) -> Problems:
    """Yield which tokens under ``key`` are there already."""
    seen: set[str] = set()
    for index, token in enumerate(tokens):
        digest = token.stored_digest()
        if digest in seen:
            yield f"{key}[{index}]", f"the token of {token.identity!r} is given twice; each has one identity"
        seen.add(digest)


def check_takes(key: str, function: Callable[..., Any] | None, *arguments: str) -> Problems:
    """Yield what is wrong with a function that is called with these arguments, by position."""
    if function is None:
        return
    try:
        signature(function).bind(*arguments)
    except TypeError as error:
        yield key, f"expected a function that can be called with ({', '.join(arguments)}): {error}"
    except ValueError:
        # Some functions of C say nothing about their arguments.
        return


def tried(key: str, make: Callable[[Any], Any], value: Any) -> Problems:
    """Yield what ``make`` says is wrong with ``value``, by a ValueError."""
    try:
        make(value)
    except ValueError as error:
        yield key, str(error)

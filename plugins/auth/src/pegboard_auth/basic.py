"""Basic authentication (RFC 7617): a user's name and password with every request, in UTF-8.

Accounts come from the settings, from a file, or from a function that is asked by name. A password is capped before it
is hashed, and nobody can tell by time or answer whether an account exists.

What was verified is remembered for a short time, since clients send their password with every request: a digest under
a key of this process alone, of the credentials, and for an account that is looked up also of the hash that they were
verified against. A password that is changed counts from the next request on.
"""

from __future__ import annotations

import secrets
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from inspect import isawaitable
from typing import Any

from pegboard.requests import HTTPConnection
from pegboard_auth.identity import Access, User, is_name
from pegboard_auth.passwords import Passwords, check_hash, needs_rehash
from pegboard_auth.recent import Recent
from pegboard_auth.refusals import ErrorCode, Rejected
from pegboard_auth.schemes import Scheme, credentials_of, decode_base64, several
from pegboard_auth.throttle import LoginThrottle, TooManyLogins, address_of

__all__ = ["Account", "Basic", "parse_credentials", "read_accounts"]


class Account:
    """One account: the user's name, the argon2id hash of the password, and what the user may."""

    __slots__ = ("password_hash", "roles", "scopes", "user")

    def __init__(
        self,
        name: str,
        password_hash: str,
        scopes: Iterable[str] = (),
        roles: Iterable[str] = (),
        user: Any = None,
    ) -> None:
        self.user = User(name) if user is None else user
        self.password_hash = password_hash
        self.scopes = frozenset(scopes)
        self.roles = frozenset(roles)

    def __repr__(self) -> str:
        return f"Account({self.user!r})"


class Basic(Scheme):
    """Takes names and passwords.

    ``lookup(name)`` gives an `Account` or None for names that are not among ``accounts``; ``rehash(name, hash)`` is
    called after a good password whose stored hash has other parameters than today's. Both may be sync or async.
    ``max_password_size`` is in bytes; ``remember`` is for how many seconds a good password need not be hashed again.
    """

    name = "basic"
    may_wait = True
    may_change = False

    def __init__(
        self,
        accounts: dict[str, Account],
        passwords: Passwords,
        lookup: Callable[[str], Any] | None = None,
        rehash: Callable[[str, str], Any] | None = None,
        max_password_size: int = 1024,
        throttle: LoginThrottle | None = None,
        remember: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._lookup = lookup
        self._rehash = rehash
        self._max_password_size = max_password_size
        self._longest = _longest(max_password_size) + len("Basic ")
        self._throttle = throttle or LoginThrottle()
        self._remember = remember
        self._recent = Recent(1024 if remember else 0)
        self._key = secrets.token_bytes(32)
        self._clock = clock

    def authenticate(self, connection: HTTPConnection) -> Any:
        """The user's access, or None without Basic credentials. Raises `Rejected` for a wrong name or password."""
        value = connection.header(b"authorization")
        if value is None:
            return None
        if connection.header_count(b"authorization") > 1:
            raise several()
        if value[:5].lower() != b"basic":
            return None
        if len(value) <= self._longest:
            known = self._recent.get(sha256(self._key + value).digest())
            if known is not None and self._clock() < known[1]:
                return known[0]
        credentials = credentials_of(value, b"basic")
        return None if credentials is None else self._judge(connection, credentials, value)

    async def _judge(self, connection: HTTPConnection, credentials: bytes, value: bytes) -> Access:
        """The access of who is not remembered by the whole header. Raises `Rejected`."""
        name, password = parse_credentials(credentials, self._max_password_size)
        account = await self._account(name)
        # A configured account does not change; one that was looked up is remembered with the hash it has now.
        stored = b"" if account is None or name in self._accounts else b"\0" + account.password_hash.encode()
        digest = sha256(self._key + value + stored).digest()
        known = self._recent.get(digest) if stored else None
        if known is not None and self._clock() < known[1]:
            return known[0]
        address = address_of(connection)
        try:
            self._throttle.attempt(name, address)
        except TooManyLogins as many:
            reason = f"too many logins for this {many.what}"
            raise Rejected(reason, None, 429, identity=_known(account), retry_after=many.retry_after) from None
        try:
            await self._verify(account, password)
        except Rejected as rejected:
            if rejected.status_code == 503:
                # Nobody has looked at the password.
                self._throttle.succeeded(name, address)
            raise
        self._throttle.succeeded(name, address)
        return await self._welcome(name, password, digest, account)

    def challenge(self, realm: str, error: ErrorCode | None = None, scope: str = "") -> str:
        """The challenge of RFC 7617 section 2; it has no place for error codes."""
        return f'Basic realm="{realm}", charset="UTF-8"'

    async def _verify(self, account: Account | None, password: str) -> None:
        """Compare the password; a missing account costs the same. Raises `Rejected` unless it is right."""
        problem = "unknown user" if account is None else check_hash(account.password_hash)
        stored = account.password_hash if account is not None and not problem else None
        if not await self._passwords.verify(stored, password):
            reason = "the stored hash is unusable" if problem and account is not None else problem or "wrong password"
            raise Rejected(reason, None, identity=_known(account))

    async def _welcome(self, name: str, password: str, digest: bytes, account: Any) -> Access:
        """The access of whoever has shown the right password; where the stored hash is outdated it is made anew."""
        now = self._clock()
        access = Access(account.user, self.name, account.scopes, account.roles, when=now)
        self._recent.keep(digest, access, now + self._remember)
        if self._rehash is not None and needs_rehash(account.password_hash):
            saved = self._rehash(name, await self._passwords.hash(password))
            if isawaitable(saved):
                await saved
        return access

    async def _account(self, name: str) -> Account | None:
        account = self._accounts.get(name)
        if account is None and self._lookup is not None:
            found = self._lookup(name)
            account = await found if isawaitable(found) else found
        return account


def _known(account: Account | None) -> str:
    return "" if account is None else str(account.user.identity)


def parse_credentials(credentials: bytes, max_password_size: int) -> tuple[str, str]:
    """Name and password, both in NFC. Raises `Rejected` for anything that RFC 7617 section 2 does not allow."""
    if len(credentials) > _longest(max_password_size):
        raise Rejected("credentials are too long", None)
    try:
        text = decode_base64(credentials).decode("utf-8")
    except ValueError:
        raise Rejected("malformed credentials", None) from None
    name, colon, password = text.partition(":")
    name = unicodedata.normalize("NFC", name)
    if not colon or not is_name(name) or any(unicodedata.category(character) == "Cc" for character in password):
        raise Rejected("malformed credentials", None)
    if len(password.encode()) > max_password_size:
        raise Rejected("password is too long", None)
    return name, unicodedata.normalize("NFC", password)


def _longest(max_password_size: int) -> int:
    # Base64 has four characters for three bytes; the name may have 255 characters of four bytes each.
    return (max_password_size + 1024) * 4 // 3 + 8


def read_accounts(text: str) -> Iterator[tuple[int, Account | str]]:
    """The accounts of a file like htpasswd's: ``name:hash`` or ``name:hash:scope scope`` in each line.

    Gives pairs of a line's number and an `Account`, or what is wrong with the line, without showing its hash. Empty
    lines and those that begin with ``#`` do not count.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, _, rest = line.strip().partition(":")
        stored, _, scopes = rest.partition(":")
        name = unicodedata.normalize("NFC", name)
        problem = "expected name:hash" if not is_name(name) else check_hash(stored)
        yield number, problem or Account(name, stored, scopes.split())

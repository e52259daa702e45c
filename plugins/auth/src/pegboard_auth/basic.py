"""Basic authentication (RFC 7617): a user's name and password with every request, in UTF-8.

Accounts come from the settings, from a file, or from a function that is asked by name. A password is capped before it
is hashed, and nobody can tell by time or answer whether an account exists.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from inspect import isawaitable
from typing import Any

from pegboard.requests import HTTPConnection
from pegboard_auth.identity import Access, User, is_name
from pegboard_auth.passwords import Passwords, check_hash, needs_rehash
from pegboard_auth.refusals import ErrorCode, Rejected
from pegboard_auth.schemes import Scheme, authorization, decode_base64

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
    ``max_password_size`` is in bytes.
    """

    name = "basic"

    def __init__(
        self,
        accounts: dict[str, Account],
        passwords: Passwords,
        lookup: Callable[[str], Any] | None = None,
        rehash: Callable[[str, str], Any] | None = None,
        max_password_size: int = 1024,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._lookup = lookup
        self._rehash = rehash
        self._max_password_size = max_password_size
        self._clock = clock

    async def authenticate(self, connection: HTTPConnection) -> Access | None:
        """The user's access, or None without Basic credentials. Raises `Rejected` for a wrong name or password."""
        credentials = authorization(connection, b"basic")
        if credentials is None:
            return None
        name, password = parse_credentials(credentials, self._max_password_size)
        account = await self._account(name)
        reason = (
            "unknown user" if account is None else check_hash(account.password_hash) and "the stored hash is unusable"
        )
        stored = account.password_hash if account is not None and not reason else None
        if not await self._passwords.verify(stored, password) or account is None:
            identity = "" if account is None else account.user.identity
            raise Rejected(reason or "wrong password", None, identity=identity)
        if self._rehash is not None and needs_rehash(account.password_hash):
            saved = self._rehash(name, await self._passwords.hash(password))
            if isawaitable(saved):
                await saved
        return Access(account.user, self.name, account.scopes, account.roles, when=self._clock())

    def challenge(self, realm: str, error: ErrorCode | None = None, scope: str = "") -> str:
        """The challenge of RFC 7617 section 2; it has no place for error codes."""
        return f'Basic realm="{realm}", charset="UTF-8"'

    async def _account(self, name: str) -> Account | None:
        account = self._accounts.get(name)
        if account is None and self._lookup is not None:
            found = self._lookup(name)
            account = await found if isawaitable(found) else found
        return account


def parse_credentials(credentials: bytes, max_password_size: int) -> tuple[str, str]:
    """Name and password, both in NFC. Raises `Rejected` for anything that RFC 7617 section 2 does not allow."""
    # Base64 has four characters for three bytes; the name may have 255 characters of four bytes each.
    if len(credentials) > (max_password_size + 1024) * 4 // 3 + 8:
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

"""What a scheme is: one way in which callers show who they are.

A scheme looks at a connection, an HTTP request or a WebSocket before it is accepted, and says one of three things:
there are no credentials of my kind (None); they are good (an `Access`); they are bad (`Rejected`). Schemes are tried
in order, and the first that finds credentials decides: bad credentials are an answer, and never fall through to
anonymous.

A complete scheme of one's own::

    class Certificate(Scheme):
        name = "certificate"

        def authenticate(self, connection):
            tls = connection.scope.get("extensions", {}).get("tls", {})
            subject = tls.get("client_cert_name")
            return None if subject is None else Access(User(subject), self.name)
"""

from __future__ import annotations

import binascii
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from anyio import create_task_group

from pegboard.requests import HTTPConnection
from pegboard_auth.identity import Access
from pegboard_auth.refusals import ErrorCode, Rejected

__all__ = ["Scheme", "credentials_of", "decode_base64", "running", "several"]


class Scheme:
    """Base of schemes. Override ``authenticate``, and ``challenge`` where the scheme is one of WWW-Authenticate."""

    name: ClassVar[str]
    """One word: ``request.auth.scheme``, the settings' ``order`` and a route's ``schemes`` name the scheme by it."""

    may_wait: bool = False
    """Whether ``authenticate`` is no ``async def`` and gives an awaitable all the same where it has to wait."""

    may_change: bool = True
    """Whether credentials that were good may count no longer before they end: open WebSockets are looked at again."""

    vary: bytes = b""
    """A request header, in lower case, that caches must tell answers apart by (RFC 9110 section 12.5.5).

    Authorization needs none: shared caches keep no answers to requests that have it (RFC 9111 section 3.5).
    """

    def authenticate(self, connection: HTTPConnection) -> Access | Awaitable[Access | None] | None:
        """Look for credentials and verify them; ``async def`` is as welcome. Raises `Rejected` for bad ones."""
        raise NotImplementedError

    def challenge(self, realm: str, error: ErrorCode | None = None, scope: str = "") -> str | None:
        """The scheme's challenge for WWW-Authenticate (RFC 9110 section 11.6.1), or None when it has none.

        ``error`` is given when this scheme has rejected, or its caller may not; ``scope`` then tells what is needed.
        What it gives is kept: it is asked once for the same arguments.
        """
        return None

    async def run(self) -> None:
        """Run as long as the board does, beside its requests, for what is to be renewed; cancelled at the end."""


@asynccontextmanager
async def running(schemes: Iterable[Scheme], *others: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run what schemes and others have to do beside the requests."""
    failure: Exception | None = None
    async with create_task_group() as tasks:
        for run in (*(scheme.run for scheme in schemes if type(scheme).run is not Scheme.run), *others):
            tasks.start_soon(run)
        try:
            yield
        except Exception as error:  # noqa: BLE001  it is raised again
            # Raised again behind the group, which would put it into a group of exceptions.
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


def credentials_of(value: bytes, scheme: bytes) -> bytes | None:
    """The credentials in an Authorization header's value when they are of ``scheme`` (lower case), else None."""
    name, _, credentials = value.partition(b" ")
    # RFC 9110 section 11.1: the name of a scheme is case-insensitive.
    return credentials.strip(b" \t") if name.lower() == scheme else None


def several() -> Rejected:
    """What rejects a request with several Authorization headers: whoever stands before us may have read another."""
    return Rejected("several Authorization headers", "invalid_request", 400)


def decode_base64(text: bytes) -> bytes:
    """Decode padded base64 (RFC 4648 section 4). Raises ValueError for any but the canonical spelling."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if binascii.b2a_base64(data, newline=False) != text:
        raise ValueError("not canonical base64")
    return data

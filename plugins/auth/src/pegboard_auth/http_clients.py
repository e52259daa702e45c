"""Clients for asking providers, and reading what strangers answer.

What certificates are checked with is read once, in a thread: it takes some 40 ms.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from anyio import CancelScope

from pegboard.concurrency import FILES, run_in

if TYPE_CHECKING:
    import httpx

__all__ = ["http_client", "read_at_most"]


async def http_client(timeout: float, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client, to be closed, that waits ``timeout`` seconds for each step and follows no redirects."""
    import httpx  # noqa: PLC0415  for boards that ask a provider

    return httpx.AsyncClient(timeout=timeout, transport=transport, verify=await run_in(FILES, _certificates))


async def read_at_most(response: httpx.Response, max_size: int) -> bytes | None:
    """The body of a response, in the coding it came in; None when it has more than ``max_size`` bytes."""
    body = bytearray()
    # Cancelled from within, the generators below end themselves; left half way, they would wait for the collector.
    with CancelScope() as scope:
        async for chunk in response.aiter_raw(16_384):
            body += chunk
            if len(body) > max_size:
                scope.cancel()
    return bytes(body) if len(body) <= max_size else None


@cache
def _certificates() -> Any:
    import httpx  # noqa: PLC0415  as above

    return httpx.create_ssl_context()

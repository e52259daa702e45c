"""Asking the function that an owner gave as ``allow_origin``.

It is asked last, with an origin that is well-formed and not ``null``, and says what its verdict depends on beside the
origin, so that caches keep the answers apart.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from pegboard.raw_headers import field_name
from pegboard.requests import HTTPConnection

__all__ = ["ask"]

_NOTE = "in the function that the plugin 'cors' was given as allow_origin"


async def ask(
    function: Callable[..., Any], origin: bytes, connection: HTTPConnection
) -> tuple[bool, tuple[bytes, ...]]:
    """Whether ``function`` allows an origin, and the names of headers for Vary.

    Raises TypeError when it returned something else than a verdict, and ValueError for a name that is no header's. What
    leaves here, its own exceptions included, has a note that says whose it is.
    """
    try:
        answer = function(origin.decode("ascii"), connection)
        if isinstance(answer, Awaitable):
            answer = await answer
        return _verdict(answer)
    except Exception as error:
        error.add_note(_NOTE)
        raise


def _verdict(answer: Any) -> tuple[bool, tuple[bytes, ...]]:
    match answer:
        case (bool() as allowed, names) if isinstance(names, Iterable) and not isinstance(names, str | bytes):
            given = tuple(names)
            if all(isinstance(name, str) for name in given):
                return allowed, tuple(map(field_name, given))
    raise TypeError(
        f"allow_origin returned {answer!r}; expected (allowed, names): a bool, and the names of the request headers "
        "that the verdict depends on beside Origin, such as (True, ['X-Tenant']) or (False, [])"
    )

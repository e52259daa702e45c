"""Logging in and out, for endpoints: the functions that an application's own login page calls.

::

    @public
    async def log_in_page(request):
        form = await request.form()
        if not await is_right(form["name"], form["password"]):
            return HTMLResponse(PAGE, 403)
        response = RedirectResponse(safe_next(form.get("next")), 303)
        await log_in(request, response, form["name"], scopes=["write"])
        return response

The board's sessions are found from the request: those of the board whose endpoint it is, else those of the gate that
the request has passed, which is a board's around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pegboard_auth.gates import Gate
from pegboard_auth.guards import GATE
from pegboard_auth.identity import NO_CLAIMS, Access, User
from pegboard_auth.session_scheme import SessionScheme
from pegboard_auth.sessions import SESSION, Sessions

__all__ = ["end_sessions", "log_in", "log_out", "sessions_of"]


async def log_in(
    request: Any,
    response: Any,
    identity: str,
    *,
    display_name: str | None = None,
    scopes: Iterable[str] = (),
    roles: Iterable[str] = (),
    claims: Mapping[str, Any] = NO_CLAIMS,
) -> None:
    """Begin a session of ``identity``, whose cookie goes with ``response``; call it once the credentials are verified.

    The session that the browser had before is over. From the next request on, and for the rest of this one,
    ``request.user`` and ``request.auth`` are those given here; ``claims`` is JSON, of a few kilobytes at most.

    Raises HTTPException, 403 when another site's page is behind the request and 503 when the store cannot answer now;
    ValueError for an identity that is none and claims that are not JSON; RuntimeError on a board without sessions.
    """
    access = Access(User(identity, display_name), SESSION, scopes, roles, claims)
    await sessions_of(request).log_in(request, response, access)


async def log_out(request: Any, response: Any, *, everywhere: bool = False) -> None:
    """End the session that the request came with, and delete its cookie with ``response``.

    With ``everywhere`` all sessions of its user end. Without a session nothing happens. Raises HTTPException and
    RuntimeError as `log_in` does.
    """
    await sessions_of(request).log_out(request, response, everywhere=everywhere)


async def end_sessions(request: Any, identity: str) -> int:
    """End all sessions of ``identity``, whoever asks, and tell how many there were.

    For a user who is blocked, or whose password or permissions have changed. Raises HTTPException 503 when the store
    cannot answer now, and RuntimeError on a board without sessions.
    """
    return await sessions_of(request).end_all(request, identity)


def sessions_of(request: Any) -> Sessions:
    """The sessions that hold for a request. Raises RuntimeError when there are none."""
    for member in getattr(request.scope.get("app"), "plugins", ()):
        found = getattr(getattr(member, "plugin", None), "sessions", None)
        if isinstance(found, Sessions):
            return found
    gate = request.scope.get(GATE)
    if isinstance(gate, Gate):
        for scheme in gate.schemes:
            if isinstance(scheme, SessionScheme):
                return scheme.sessions
    raise RuntimeError(
        "no sessions: configure them, [auth.sessions] with keys, on the board whose endpoint this is; in an "
        "application that is mounted, let the board around it ask who calls there, optionally at least"
    )

"""Pushing an answer for as long as its client is there.

Rules that must not move:

- Whoever watches beside an answer has stopped when the answer is done, however it ended.
- What the answer raises is raised as it is, and never in a group.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from anyio import CancelScope, create_task_group

from pegboard.exceptions import HTTPException
from pegboard.types import Receive

__all__ = ["cancel_on_disconnect", "push_while_present"]


async def cancel_on_disconnect(receive: Receive, scope: CancelScope) -> None:
    """Cancel ``scope`` when the client has left; for who pushes an answer, and has no use for other messages."""
    try:
        while not (await receive())["type"].endswith(".disconnect"):
            pass
    except HTTPException:
        # The request's body, which nobody asked for, is over its limit; the answer to the request is on its way.
        return
    scope.cancel()


async def push_while_present(receive: Receive, push: Callable[[], Awaitable[None]]) -> None:
    """Run ``push`` to its end, or until the client leaves: it is cancelled where it stands then.

    What ``push`` raises, or ``receive``, is raised as it is.
    """
    failures: list[Exception] = []
    with CancelScope() as scope:
        await (_beside_task if _is_asyncio() else _beside_group)(receive, push, scope, failures)
    if failures:
        try:
            raise failures[0]
        finally:
            # The traceback holds this frame, which must not hold the failure.
            failures.clear()


async def _beside_group(
    receive: Receive, push: Callable[[], Awaitable[None]], scope: CancelScope, failures: list[Exception]
) -> None:
    async with create_task_group() as group:
        group.start_soon(_watch, receive, scope, failures)
        await _run(push, failures)
        group.cancel_scope.cancel()


async def _beside_task(
    receive: Receive, push: Callable[[], Awaitable[None]], scope: CancelScope, failures: list[Exception]
) -> None:
    """The same with a task of asyncio's own: to start and to cancel one in a group costs more than most streams do."""
    watcher = asyncio.create_task(_watch(receive, scope, failures))
    try:
        await _run(push, failures)
    finally:
        watcher.cancel()
        with CancelScope(shield=True):
            await asyncio.wait((watcher,))


async def _run(push: Callable[[], Awaitable[None]], failures: list[Exception]) -> None:
    try:
        await push()
    except Exception as error:  # noqa: BLE001  it is raised again outside, so that no group wraps it
        failures.append(error)


async def _watch(receive: Receive, scope: CancelScope, failures: list[Exception]) -> None:
    try:
        await cancel_on_disconnect(receive, scope)
    except Exception as error:  # noqa: BLE001  as above
        failures.append(error)
        scope.cancel()


def _is_asyncio() -> bool:
    """Whether this is a task of asyncio's; one of trio's may run in asyncio's loop, as its guest."""
    try:
        return asyncio.current_task() is not None
    except RuntimeError:
        return False

"""Shaping a response whose head is known: `response` hooks, then the filters that `body` hooks give.

Rules that must not move:

- A hook that fails turns the answer into a bare 500, and no further hook runs.
- Most hooks are plain functions that only change the head, so `shape` is a plain function too, and gives nothing where
  all were. It makes a coroutine for the first hook that has something to await or to replace, which goes on from there.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from pegboard import raw_headers
from pegboard.compiling import Call, Pipeline, Step
from pegboard.errors import server_error
from pegboard.filters import BodyFilter, FilterChain
from pegboard.requests import ClientDisconnect, Request
from pegboard.stories.answers import replacement_of

__all__ = ["BODILESS", "Shaped", "Shaping", "shape"]

Shaped = tuple[Any, FilterChain | None, BaseException | None, str | None]
"""The response to send, its filters, what a hook raised, and the plugin that replaced or broke the response."""

Shaping = Shaped | Awaitable[Shaped] | None
"""What becomes of a response, at once or to be awaited; None when it stays the one to send, without filters."""

BODILESS = (204, 304)
"""Statuses whose responses have no content, of those that a hook may set."""


def shape(
    request: Request,
    pipeline: Pipeline,
    debug: bool,
    response: Any,
    error: BaseException | None = None,
    answered_by: str | None = None,
) -> Shaping:
    """Run the hooks on ``response``; gives what becomes of it.

    ``error`` and ``answered_by`` are what is known so far; they are given back unless a hook changes them.
    """
    hook = "response"
    call: Call | None = None
    try:
        for call in pipeline.response:
            answer = call(request, response)
            if answer is not None:
                return _shape_from(request, pipeline, debug, response, error, answered_by, call, answer)
        if response.status_code in BODILESS:
            _empty(response)
        hook = "body"
        for call in pipeline.body:
            body_filter = call(request, response)
            if body_filter is not None:
                return _filtered(request, pipeline, debug, response, error, answered_by, call, body_filter)
    except ClientDisconnect:
        raise
    except Exception as exc:
        return _broken(pipeline, hook, call, exc, debug, response, error)
    return None


async def _shape_from(
    request: Request,
    pipeline: Pipeline,
    debug: bool,
    response: Any,
    error: BaseException | None,
    answered_by: str | None,
    call: Call,
    answer: Any,
) -> Shaped:
    """Settle the ``answer`` of the hook ``call``, and run those behind it."""
    calls = pipeline.response[pipeline.response.index(call) :]
    current = call
    try:
        for current in calls:
            if current is not call:
                answer = current(request, response)
            if answer is None:
                continue
            step = pipeline.step("response", current)
            if step.is_async:
                answer = await answer
            if answer is not None:
                replacement = replacement_of(step, answer, response)
                if replacement is not response:
                    await response.discard()
                    response, answered_by = replacement, step.plugin
    except ClientDisconnect:
        raise
    except Exception as exc:
        shaped = _broken(pipeline, "response", current, exc, debug, response, error)
    else:
        _empty(response)
        shaped = _filtered(request, pipeline, debug, response, error, answered_by, None, None)
    return shaped if isinstance(shaped, tuple) else await shaped


def _filtered(
    request: Request,
    pipeline: Pipeline,
    debug: bool,
    response: Any,
    error: BaseException | None,
    answered_by: str | None,
    call: Call | None,
    body_filter: Any,
) -> Shaped | Awaitable[Shaped]:
    """Keep the filter that the hook ``call`` gave, and ask those behind it; all of them where it is None."""
    opened: list[tuple[BodyFilter, Step]] = []
    current = call
    try:
        for current in pipeline.body if call is None else pipeline.body[pipeline.body.index(call) :]:
            if current is not call:
                body_filter = current(request, response)
            if body_filter is not None:
                step = pipeline.step("body", current)
                if not isinstance(body_filter, BodyFilter):
                    raise step.misuse(body_filter, "a BodyFilter or None")
                opened.append((body_filter, step))
    except BaseException as exc:
        _chain(opened).close()
        if not isinstance(exc, Exception):
            raise
        return _broken(pipeline, "body", current, exc, debug, response, error)
    return response, _chain(opened) if opened else None, error, answered_by


def _broken(
    pipeline: Pipeline,
    hook: str,
    call: Call | None,
    exc: Exception,
    debug: bool,
    response: Any,
    error: BaseException | None,
) -> Shaped | Awaitable[Shaped]:
    """The bare 500 for a hook that failed, with whose it is, in the place of ``response``."""
    if call is None:
        raise exc
    step = pipeline.step(hook, call)
    step.blame(exc)
    exc.__context__ = exc.__context__ or error
    shaped: Shaped = server_error(exc, debug), None, exc, step.plugin
    return shaped if response.whole else _instead_of(response, shaped)


async def _instead_of(response: Any, shaped: Shaped) -> Shaped:
    await response.discard()
    return shaped


def _empty(response: Any) -> None:
    """Take the body from a response whose status has none any more (RFC 9110 sections 15.3.5 and 15.4.5)."""
    if response.status_code in BODILESS and response.whole and response.body:
        response.body = b""
        raw_headers.remove(response.raw_headers, b"content-length")


def _chain(opened: list[tuple[BodyFilter, Step]]) -> FilterChain:
    return FilterChain([(body_filter, step.blame) for body_filter, step in opened])

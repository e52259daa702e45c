"""Answers that plugins give, and whose they are.

Rules that must not move:

- A response belongs to one request. One that is returned again, as guards and constant endpoints do, is copied as it
  was before hooks changed it: a cookie that was set for one client never reaches the next.
- What replaces a response takes over its background task: the endpoint has done its part, and the rest is still owed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from copy import copy
from typing import Any

from pegboard.background import BackgroundTask, BackgroundTasks
from pegboard.compiling import Step
from pegboard.responses import AppResponse, Response

__all__ = ["again", "answer_of", "own", "replacement_of"]

Background = Callable[[], Awaitable[None]]


def answer_of(step: Step, result: Any) -> Response | AppResponse:
    """The response that a hook answers with. Raises HookError for anything else."""
    answer = step.response(result)
    if isinstance(answer, Response | AppResponse):
        return answer
    raise step.misuse(answer, "a response or None")


def replacement_of(step: Step, result: Any, response: Any) -> Any:
    """The response that a `response` hook puts in the place of ``response``, if it is another one.

    Raises HookError for what is no response, and for an application: its head would be known too late for other hooks.
    """
    replacement = step.response(result)
    if replacement is response:
        return response
    if not isinstance(replacement, Response):
        raise step.misuse(getattr(replacement, "app", replacement), "a response of Pegboard, or None")
    replacement = own(replacement)
    if response.background is not None and response.plain_call:
        replacement = copy(replacement)
        replacement.background = _both(response.background, replacement.background)
    return replacement


def own(response: Any) -> Any:
    """``response`` for one request: itself when it is used for the first time, a copy of what it was then otherwise."""
    if response.first_use is not None:
        return again(response)
    response.first_use = (response.status_code, response.raw_headers.copy(), response.body)
    return response


def again(response: Any) -> Any:
    """A copy of what ``response`` was before it was used for the first time."""
    fresh = copy(response)
    fresh.status_code, headers, fresh.body = response.first_use
    fresh.raw_headers = headers.copy()
    with suppress(AttributeError):
        # The view, where one was made, edits the other list.
        del fresh._headers
    return fresh


def _both(first: Background, second: Background | None) -> Background:
    return first if second is None else BackgroundTasks([*_tasks(first), *_tasks(second)])


def _tasks(background: Background) -> Sequence[BackgroundTask]:
    if isinstance(background, BackgroundTasks):
        return background.tasks
    if isinstance(background, BackgroundTask):
        return [background]

    async def run() -> None:
        await background()

    return [BackgroundTask(run)]

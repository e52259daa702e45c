"""The life of one HTTP request, in the order in which it happens.

Rules that must not move:

- Everything runs in the request's own task, so that context variables set in one place are seen in the next.
- Whatever becomes of a request, `complete` hooks run exactly once, and filters are closed.
- From the server's call to the endpoint's there is one coroutine, this one. A hook point that nobody uses costs one
  look at an empty tuple. What is rare lives in functions of the `HTTPStory`, which is loaded at the freeze.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from pegboard.connections import NOTES
from pegboard.exceptions import ClientDisconnect
from pegboard.outcome import NO_NOTES, Outcome
from pegboard.requests import Request
from pegboard.responses import Head, to_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pegboard.compiling import Call
    from pegboard.filters import FilterChain
    from pegboard.outcome import OutcomeKind
    from pegboard.plans import Plan
    from pegboard.stories.exchange import Exchange
    from pegboard.stories.recovery import HTTPStory
    from pegboard.types import Receive, Scope, Send

__all__ = ["Entrance"]

NOTHING: Mapping[str, Plan] = {}

ANSWERED = ("sent", "client_disconnect")
"""After these, what a response left to be done is done; clients that leave are no reason to keep a temporary file."""


class Entrance:
    """An ASGI 3 application that serves HTTP requests by its ``story``, and leaves other connections to `admit`.

    Without a story it leaves everything to `admit`.
    """

    def __init__(self, story: HTTPStory | None = None) -> None:
        self._story = story

    async def admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection that is no HTTP request, or comes before there is a story."""
        raise ValueError(f"ASGI scope of type {scope['type']!r}; expected 'http'")

    # One function on purpose: the order of its text is the order of events.
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: C901, PLR0912, PLR0915
        """Serve one connection (ASGI 3): a request from its scope to its background task."""
        story = self._story
        if story is None or scope["type"] != "http":
            await self.admit(scope, receive, send)
            return

        started = perf_counter() if story.is_timed else None
        scope["app"] = story.board
        error: BaseException | None = None
        answered_by: str | None = None
        if story.rewrite:
            error, answered_by = story.rewritten(scope)

        plan = story.fixed.get(scope["method"], NOTHING).get(scope["path"])
        if plan is None or scope.get("root_path") or "path_params" in scope:
            plan, scope["path_params"] = story.find(scope)
        else:
            scope["path_params"] = {}
        scope["route"] = plan.route
        scope["endpoint"] = plan.route.endpoint
        pipeline = plan.pipeline
        request = Request(scope, receive, send, plan.max_body_size)

        kind: OutcomeKind = "error"
        call: Call | None = None
        response: Any = None
        filters: FilterChain | None = None
        exchange: Exchange | None = None
        first_byte: float | None = None
        try:
            try:
                if error is not None:
                    raise error
                for call in pipeline.request:
                    answer = call(request)
                    if answer is not None:
                        step = pipeline.step("request", call)
                        if step.is_async:
                            answer = await answer
                        if answer is not None:
                            response, answered_by = story.answer_of(step, answer), step.plugin
                            break
                else:
                    call = None
                    response = plan.app or await plan.call(request)
                    if not isinstance(response, Head):
                        response = to_response(response)
            except ClientDisconnect:
                raise
            except Exception as exc:
                if call is not None:
                    step = pipeline.step("request", call)
                    step.blame(exc)
                    answered_by = step.plugin
                response, error, answered_by = await story.recover(request, pipeline, exc, answered_by)

            is_shaped = pipeline.shapes and not response.is_app
            if is_shaped:
                # As `own` does it, without its frame: the answer is kept as it is now, should it be given again.
                if response.first_use is None:
                    response.first_use = (response.status_code, response.raw_headers.copy(), response.body)
                else:
                    response = story.again(response)
                shaped = story.shape(request, pipeline, story.debug, response, error, answered_by)
                if shaped is not None:
                    if not isinstance(shaped, tuple):
                        shaped = await shaped
                    response, filters, error, answered_by = shaped
                    # It holds the error, whose traceback holds this frame.
                    del shaped

            if response.whole and filters is None:
                await send(
                    {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
                )
                if pipeline.complete:
                    first_byte = perf_counter()
                body = response.body if scope["method"] != "HEAD" else b""
                await send({"type": "http.response.body", "body": body})
                kind = "sent"
            else:
                is_silent = scope["method"] == "HEAD"
                exchange = story.exchange(request, send, pipeline, story.debug, filters, is_shaped, is_silent)
                failure = await exchange.run(response)
                if failure is not None:
                    response, error, answered_by = await story.remedy(
                        exchange, pipeline, failure, response, error, answered_by
                    )
                    del failure
                error = error or exchange.error
                answered_by = exchange.answered_by or answered_by
                kind = exchange.kind
        except OSError:
            kind = "client_disconnect"
        except BaseException as exc:
            error = exc
            kind = "error" if isinstance(exc, Exception) else "cancelled"
        if exchange is not None:
            exchange.close()
        if pipeline.complete:
            if exchange is not None:
                status, size, first_byte = exchange.status_code, exchange.bytes_out, exchange.first_byte
            elif first_byte is None:
                status = size = 0
            else:
                status = response.status_code
                size = len(response.body) if kind == "sent" and scope["method"] != "HEAD" else 0
            ended = perf_counter()
            if started is None:
                # A plan that was made for this very request is the first whose hooks are told of times: none are known.
                started, first_byte = ended, None
            elif first_byte is not None:
                first_byte -= started
            took, notes = ended - started, scope.get(NOTES, NO_NOTES)
            outcome = Outcome(
                plan.route, kind, status, error, answered_by, request.bytes_in, size, started, first_byte, took, notes
            )
            try:
                if kind == "cancelled":
                    await story.complete(request, pipeline, "complete", outcome)
                else:
                    for call in pipeline.complete:
                        try:
                            left = call(request, outcome)
                            if left is not None:
                                left = story.tell_from(request, pipeline, outcome, call, left)
                        except BaseException as exc:
                            left = story.tell_past(request, pipeline, outcome, call, exc)
                        if left is not None:
                            await left
                            break
            finally:
                # It holds the error as well.
                del outcome

        if response is not None and response.background is not None and response.plain_call and kind in ANSWERED:
            await story.run_background(response.background, error)
        if request.kept_form is not None:
            await story.close_form(request)
        if error is not None:
            try:
                raise error
            finally:
                # The traceback holds this frame, which must not hold the error.
                del error

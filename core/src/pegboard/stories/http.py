"""The life of one HTTP request, in the order in which it happens.

Rules that must not move:

- Everything runs in the request's own task, so that context variables set in one place are seen in the next.
- Whatever becomes of a request, `complete` hooks run exactly once, and filters are closed.
- A hook point that nobody uses costs one look at an empty tuple. What is rare lives in functions of its own, behind.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

from pegboard.compiling import Call, Pipeline, Step
from pegboard.errors import default_answer, find_handler, find_last_resort, server_error
from pegboard.filters import FilterChain
from pegboard.outcome import OutcomeKind
from pegboard.requests import ClientDisconnect, Request
from pegboard.responses import Head, to_response
from pegboard.stories.answers import answer_of, own
from pegboard.stories.base import Story, rewritten
from pegboard.stories.endings import close_form, conclude, run_background
from pegboard.stories.exchange import Exchange
from pegboard.stories.shaping import shape
from pegboard.types import Receive, Scope, Send

__all__ = ["HTTPStory"]

Answer = tuple[Any, BaseException | None, str | None]
"""A response, the exception that nobody handled, and the plugin that answered."""

ANSWERED = ("sent", "client_disconnect")
"""After these, what a response left to be done is done; clients that leave are no reason to keep a temporary file."""


class HTTPStory(Story):
    """Serves HTTP requests."""

    # One function on purpose: the order of its text is the order of events.
    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: C901, PLR0912, PLR0915
        """Serve one request, from its scope to its background task."""
        started = perf_counter()
        scope["app"] = self.board
        error: BaseException | None = None
        answered_by: str | None = None
        if self.rewrite:
            error, answered_by = rewritten(scope, self.rewrite)

        plan, scope["path_params"] = self.find(scope)
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
                            response, answered_by = answer_of(step, answer), step.plugin
                            break
                else:
                    call = None
                    response = await plan.call(request)
                    if not isinstance(response, Head):
                        response = to_response(response)
            except ClientDisconnect:
                raise
            except Exception as exc:
                if call is not None:
                    step = pipeline.step("request", call)
                    step.blame(exc)
                    answered_by = step.plugin
                response, error, answered_by = await self.recover(request, pipeline, exc, answered_by)

            is_shaped = (pipeline.response or pipeline.body) and not response.is_app
            if is_shaped:
                response = own(response)
                shaped = shape(request, pipeline, self.debug, response, error, answered_by)
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
                exchange = Exchange(request, send, pipeline, self.debug, filters, bool(is_shaped))
                failure = await exchange.run(response)
                if failure is not None:
                    response, error, answered_by = await self.remedy(
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
            left = conclude(request, plan, kind, response, exchange, error, answered_by, started, first_byte)
            if left is not None:
                await left

        if response is not None and response.background is not None and response.plain_call and kind in ANSWERED:
            await run_background(response.background, error)
        if request.kept_form is not None:
            await close_form(request)
        if error is not None:
            try:
                raise error
            finally:
                # The traceback holds this frame, which must not hold the error.
                del error

    async def recover(self, request: Request, pipeline: Pipeline, exc: Exception, raised_by: str | None) -> Answer:
        """The answer to an exception; ``raised_by`` is the plugin whose hook it left, if any."""
        answer, exc = await self.handled(request, exc)
        if answer is not None:
            return answer, None, raised_by
        for call in pipeline.error:
            step = pipeline.step("error", call)
            answer, left = await ask_error_hook(call, step, request, exc)
            if answer is not None:
                return answer, None, step.plugin
            if left is not exc:
                exc, raised_by = left, step.plugin
        answer, exc = spoken_for(exc)
        if answer is not None:
            return answer, None, raised_by
        return await self.last_answer(request, exc), exc, raised_by

    async def handled(self, request: Request, exc: Exception) -> tuple[Any, Exception]:
        """What an exception handler answers, or None; and the exception that is to be answered now."""
        try:
            handler = find_handler(self.handlers, request.scope, exc)
            return (None if handler is None else to_response(await handler(request, exc))), exc
        except ClientDisconnect:
            raise
        except Exception as failed:
            return None, failed

    async def last_answer(self, request: Request, exc: Exception) -> Any:
        """The 500 for an exception that is going to be raised again."""
        handler = find_last_resort(self.handlers, request.scope)
        if handler is not None and not self.debug:
            try:
                return to_response(await handler(request, exc))
            except Exception as failed:
                exc.add_note(f"and the last-resort exception handler failed with {failed!r}")
        return server_error(exc, self.debug, request.header(b"accept") or b"")

    async def remedy(
        self,
        exchange: Exchange,
        pipeline: Pipeline,
        failure: Exception | None,
        response: Any,
        error: BaseException | None,
        answered_by: str | None,
    ) -> Answer:
        """Answer in the place of a response that failed while it was pushed, unless something of it went out."""
        remedies = iter((self.recovered, self.bare))
        while failure is not None:
            if isinstance(failure, ClientDisconnect):
                exchange.gone = True
                break
            if exchange.is_settled:
                error = exchange.error or failure
                break
            response, error, answered_by = await next(remedies)(exchange, pipeline, failure, answered_by)
            failure = await exchange.run(response)
        return response, error, answered_by

    async def recovered(
        self, exchange: Exchange, pipeline: Pipeline, exc: Exception, answered_by: str | None
    ) -> Answer:
        """Another answer, in the place of a response that failed before its head went out."""
        exchange.reset()
        request = exchange.request
        response, error, answered_by = await self.recover(request, pipeline, exc, answered_by)
        if (pipeline.response or pipeline.body) and not response.is_app:
            exchange.is_shaped = True
            response = own(response)
            shaped = shape(request, pipeline, self.debug, response, error, answered_by)
            if shaped is not None:
                if not isinstance(shaped, tuple):
                    shaped = await shaped
                response, exchange.filters, error, answered_by = shaped
                del shaped
        return response, error, answered_by

    async def bare(self, exchange: Exchange, pipeline: Pipeline, exc: Exception, answered_by: str | None) -> Answer:
        """The last answer, in the place of one that failed as well: no hook and no filter sees it."""
        exchange.reset()
        return server_error(exc, self.debug), exc, answered_by


# What is caught in these functions is returned and kept by nobody here: a traceback holds the frames that it went
# through, and a frame that held it in turn would keep the request alive.


async def ask_error_hook(call: Call, step: Step, request: Request, exc: Exception) -> tuple[Any, Exception]:
    """What an `error` hook answers, or None; and the exception that is to be answered now."""
    try:
        answer = call(request, exc)
        if step.is_async:
            answer = await answer
        return (None if answer is None else answer_of(step, answer)), exc
    except ClientDisconnect:
        raise
    except Exception as failed:
        step.blame(failed)
        return None, failed


def spoken_for(exc: Exception) -> tuple[Any, Exception]:
    """The answer of an exception that speaks for itself, or None; and the exception that is to be answered now."""
    try:
        return default_answer(exc), exc
    except Exception as failed:
        return None, failed

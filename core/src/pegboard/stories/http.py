"""The life of one HTTP request, in the order in which it happens.

Rules that must not move:

- Everything runs in the request's own task, so that context variables set in one place are seen in the next.
- Whatever becomes of a request, `complete` hooks run exactly once, and filters are closed.
- A hook point that nobody uses costs one look at an empty tuple. What is rare lives in functions of its own, behind.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any

from anyio import CancelScope

from pegboard.compiling import Call, Pipeline, Step
from pegboard.errors import ExceptionHandlers, default_answer, server_error
from pegboard.filters import BodyFilter, FilterChain
from pegboard.outcome import Outcome, OutcomeKind
from pegboard.plans import Plan
from pegboard.requests import ClientDisconnect, Request
from pegboard.responses import Response, to_response
from pegboard.stories.exchange import DONE, Exchange
from pegboard.types import Receive, Scope, Send

__all__ = ["HTTPStory"]

logger = logging.getLogger("pegboard")

Match = Callable[[Scope], tuple[Plan, dict[str, Any]]]


class HTTPStory:
    """Serves HTTP requests; made at freeze, the same for all of them."""

    def __init__(
        self,
        board: Any,
        rewrite: Sequence[tuple[Call, Step]],
        handlers: ExceptionHandlers,
        debug: bool,
    ) -> None:
        self.board = board
        self.match: Match = unmatched
        self.rewrite = rewrite
        self.handlers = handlers
        self.debug = debug

    # One function on purpose: the order of its text is the order of events.
    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: C901, PLR0912, PLR0915
        """Serve one request, from its scope to its background task."""
        started = perf_counter()
        scope["app"] = self.board
        error: BaseException | None = rewritten(scope, self.rewrite) if self.rewrite else None

        plan, scope["path_params"] = self.match(scope)
        scope["route"] = plan.route
        scope["endpoint"] = plan.route.endpoint
        pipeline = plan.pipeline
        request = Request(scope, receive, send, plan.max_body_size)

        kind: OutcomeKind = "error"
        call: Call | None = None
        response: Any = None
        answered_by: str | None = None
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
                        answer = await step.settle(answer)
                        if answer is not None:
                            response, answered_by = answer, step.plugin
                            break
                else:
                    call = None
                    response = await plan.call(request)
                    if not isinstance(response, Response):
                        response = to_response(response)
            except ClientDisconnect:
                raise
            except Exception as exc:
                if call is not None:
                    pipeline.step("request", call).blame(exc)
                response, error, answered_by = await self.recover(request, pipeline, exc)

            if (pipeline.response or pipeline.body) and not response.is_app:
                response, filters, error = await self.shape(request, pipeline, response, error)

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
                exchange = Exchange(request, send, partial(self.shape, request, pipeline), filters)
                kind, response, error, answered_by = await self.push(exchange, pipeline, response, error, answered_by)
        except OSError:
            kind = "client_disconnect"
        except BaseException as exc:
            error = exc
            kind = "error" if isinstance(exc, Exception) else "cancelled"
            raise
        finally:
            if pipeline.complete:
                outcome = conclude(request, plan, kind, response, exchange, error, answered_by, started, first_byte)
                await complete(request, pipeline, "complete", outcome)

        if response is not None and response.background is not None and response.plain_call and kind == "sent":
            await run_background(response.background)
        if error is not None:
            try:
                raise error
            finally:
                # The traceback holds this frame, and the frame would hold the error: no cycle is left behind.
                del error

    async def recover(
        self, request: Request, pipeline: Pipeline, exc: Exception
    ) -> tuple[Any, Exception | None, str | None]:
        """The answer to an exception, the exception if nobody handled it, and the plugin that answered."""
        try:
            handler = self.handlers.find(exc)
            if handler is not None:
                return await self.handlers.answer(handler, request, exc), None, None
        except Exception as failed:
            exc = failed
        for call in pipeline.error:
            try:
                answer = call(request, exc)
                if answer is not None:
                    step = pipeline.step("error", call)
                    answer = await step.settle(answer)
                    if answer is not None:
                        return answer, None, step.plugin
            except Exception as failed:
                pipeline.step("error", call).blame(failed)
                exc = failed
        answer = default_answer(exc)
        if answer is not None:
            return answer, None, None
        return await self.last_answer(request, exc), exc, None

    async def last_answer(self, request: Request, exc: Exception) -> Any:
        """The 500 for an exception that is going to be raised again."""
        handler = self.handlers.last_resort
        if handler is not None and not self.debug:
            try:
                return await self.handlers.answer(handler, request, exc)
            except Exception as failed:
                exc.add_note(f"and the last-resort exception handler failed with {failed!r}")
        return server_error(exc, self.debug, request.header(b"accept") or b"")

    async def shape(
        self, request: Request, pipeline: Pipeline, response: Any, error: BaseException | None = None
    ) -> tuple[Any, FilterChain | None, BaseException | None]:
        """Run `response` and `body` hooks: the response to send, its filters, and the error to raise when it was sent.

        A hook that fails turns the answer into a bare 500, and no further hook runs.
        """
        opened: list[BodyFilter] = []
        hook, call = "response", None
        try:
            for call in pipeline.response:
                answer = call(request, response)
                if answer is not None:
                    response = await pipeline.step(hook, call).settle(answer) or response
            hook = "body"
            for call in pipeline.body:
                body_filter = call(request, response)
                if body_filter is not None:
                    if not isinstance(body_filter, BodyFilter):
                        raise pipeline.step(hook, call).misuse(body_filter, "a BodyFilter or None")
                    opened.append(body_filter)
        except Exception as exc:
            if call is not None:
                pipeline.step(hook, call).blame(exc)
            FilterChain(opened).close()
            return server_error(exc, self.debug), None, exc
        return response, FilterChain(opened) if opened else None, error

    async def push(
        self,
        exchange: Exchange,
        pipeline: Pipeline,
        response: Any,
        error: BaseException | None,
        answered_by: str | None,
    ) -> tuple[OutcomeKind, Any, BaseException | None, str | None]:
        """Send a response that pushes; what fails before its head went out is answered like any exception."""
        request = exchange.request
        try:
            try:
                await exchange.run(response)
                exchange.check_complete()
            except ClientDisconnect:
                raise
            except Exception as exc:
                if exchange.started:
                    return "sent" if exchange.stage == DONE else "error", response, exc, answered_by
                exchange.reset()
                response, error, answered_by = await self.recover(request, pipeline, exc)
                response, exchange.filters, error = await self.shape(request, pipeline, response, error)
                await exchange.run(response)
        except OSError:
            exchange.gone = True
        finally:
            exchange.close()
        if exchange.gone and exchange.stage != DONE:
            return "client_disconnect", response, error, answered_by
        return "sent", response, error or exchange.error, answered_by


def conclude(
    request: Request,
    plan: Plan,
    kind: OutcomeKind,
    response: Any,
    exchange: Exchange | None,
    error: BaseException | None,
    answered_by: str | None,
    started: float,
    first_byte: float | None,
) -> Outcome:
    """What became of the request, as `complete` hooks are told."""
    status, bytes_out = 0, 0
    if exchange is not None:
        status, bytes_out, first_byte = exchange.status_code, exchange.bytes_out, exchange.first_byte
    elif first_byte is not None:
        status = response.status_code
        bytes_out = len(response.body) if kind == "sent" and request.scope["method"] != "HEAD" else 0
    first = None if first_byte is None else first_byte - started
    duration = perf_counter() - started
    return Outcome(plan.route, kind, status, error, answered_by, request.bytes_in, bytes_out, started, first, duration)


def unmatched(scope: Scope) -> tuple[Plan, dict[str, Any]]:
    """Stands in for the tables until the board has compiled them."""
    raise RuntimeError("this board has no tables yet; they are made when it freezes")


def rewritten(scope: Scope, hooks: Sequence[tuple[Call, Step]]) -> Exception | None:
    """Run `rewrite` hooks on a scope; gives what one raised, to be answered once the route is known."""
    for call, step in hooks:
        try:
            result = call(scope)
            if result is not None:
                raise step.misuse(result, "None")
        except Exception as exc:
            step.blame(exc)
            return exc
    return None


async def complete(connection: Any, pipeline: Pipeline, hook: str, outcome: Any, start: int = 0) -> None:
    """Run the hooks at the end, each exactly once: one that fails is logged, and a cancellation waits for the rest."""
    for position, call in enumerate(getattr(pipeline, hook)[start:], start + 1):
        try:
            result = call(connection, outcome)
            if result is not None:
                await pipeline.step(hook, call).settle_nothing(result)
        except Exception as exc:
            step = pipeline.step(hook, call)
            step.blame(exc)
            logger.exception("Hook %r of %s failed", hook, step.described)
        except BaseException:
            with CancelScope(shield=True):
                await complete(connection, pipeline, hook, outcome, position)
            raise


async def run_background(task: Callable[[], Awaitable[None]]) -> None:
    """Run a response's background task; what it raises goes to the server, with the task's name."""
    try:
        await task()
    except Exception as exc:
        name = getattr(task, "name", None)
        if name is not None:
            exc.add_note(f"in background task {name!r}")
        raise

"""What the life of a request (`pegboard.stories.http`) needs beside its text: the board's part in it, and remedies.

A request that fails is answered by the first of these that will: an exception handler, an `error` hook, the exception
itself where it speaks for itself, the handler of last resort, the plain 500.
"""

from __future__ import annotations

from typing import Any

from pegboard.compiling import Call, Pipeline, Step
from pegboard.errors import default_answer, find_handler, find_last_resort, server_error
from pegboard.requests import ClientDisconnect, Request
from pegboard.responses import to_response
from pegboard.stories.answers import again, answer_of, own
from pegboard.stories.base import Story
from pegboard.stories.endings import close_form, complete, run_background, tell_from, tell_past
from pegboard.stories.exchange import Exchange
from pegboard.stories.shaping import shape

__all__ = ["HTTPStory"]

Answer = tuple[Any, BaseException | None, str | None]
"""A response, the exception that nobody handled, and the plugin that answered."""


class HTTPStory(Story):
    """Serves the HTTP requests of one board, together with the `Entrance`."""

    again = staticmethod(again)
    answer_of = staticmethod(answer_of)
    close_form = staticmethod(close_form)
    complete = staticmethod(complete)
    exchange = Exchange
    run_background = staticmethod(run_background)
    shape = staticmethod(shape)
    tell_from = staticmethod(tell_from)
    tell_past = staticmethod(tell_past)

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

"""The life of one WebSocket, in the order in which it happens.

Rules that must not move:

- Everything runs in the WebSocket's own task, and `websocket_complete` hooks run exactly once.
- A refusal before `accept` is an HTTP response where the server can send one, and a close (the client sees 403)
  otherwise.
- Where a hook has set an end (`WebSocket.close_after`), the endpoint is cancelled then, in its own task, and the
  WebSocket is closed with the code that was given.
- An error after `accept` closes with 1011 and is raised to the server; whatever ends, a WebSocket is left closed.
"""

from __future__ import annotations

from collections.abc import Awaitable
from time import perf_counter
from typing import Any

from anyio import CancelScope

from pegboard.compiling import Pipeline
from pegboard.connections import NOTES
from pegboard.errors import default_answer, find_handler, server_error
from pegboard.exceptions import HTTPException, WebSocketException
from pegboard.outcome import NO_NOTES, WebSocketOutcome
from pegboard.responses import Response, to_response
from pegboard.stories.answers import answer_of
from pegboard.stories.base import Story
from pegboard.stories.endings import complete
from pegboard.types import Receive, Scope, Send
from pegboard.websockets import WebSocket, WebSocketDisconnect, WebSocketState

__all__ = ["WebSocketStory"]


class WebSocketStory(Story):
    """Serves WebSockets."""

    # One function on purpose: the order of its text is the order of events.
    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0912, PLR0915
        """Serve one WebSocket, from its scope to its close."""
        started = perf_counter()
        scope["app"] = self.board
        error: BaseException | None = None
        answered_by: str | None = None
        if self.rewrite:
            error, answered_by = self.rewritten(scope)

        plan, scope["path_params"] = self.find(scope)
        scope["route"] = plan.route
        scope["endpoint"] = plan.route.endpoint
        pipeline = plan.pipeline
        websocket = WebSocket(scope, receive, send)
        outcome = WebSocketOutcome(plan.route, started)
        outcome.answered_by = answered_by
        try:
            if error is not None:
                raise error
            denial = await self.ask(websocket, pipeline, outcome)
            if denial is None:
                websocket.is_served = True
                ending = websocket.ending
                if ending is None:
                    await plan.call(websocket)
                else:
                    await bounded(plan.call(websocket), websocket, ending)
                await finish(websocket)
            else:
                await deny(websocket, denial)
        except WebSocketDisconnect:
            error = None
        except Exception as exc:
            error = await self.recover(websocket, exc)
        except BaseException as exc:
            error = exc
            outcome.kind = "cancelled"
        if pipeline.websocket_complete:
            describe(outcome, websocket, error)
            await complete(websocket, pipeline, "websocket_complete", outcome)
        if error is not None:
            try:
                raise error
            finally:
                # The traceback holds this frame, and the frame would hold the error: no cycle is left behind.
                del error

    async def ask(self, websocket: WebSocket, pipeline: Pipeline, outcome: WebSocketOutcome) -> Any:
        """Run `websocket` hooks: the denial response of the first that refuses, or None."""
        for call in pipeline.websocket:
            try:
                answer = call(websocket)
                if answer is not None:
                    step = pipeline.step("websocket", call)
                    if step.is_async:
                        answer = await answer
                    if answer is not None:
                        outcome.answered_by = step.plugin
                        return answer_of(step, answer)
            except Exception as exc:
                step = pipeline.step("websocket", call)
                step.blame(exc)
                outcome.answered_by = step.plugin
                raise
        return None

    async def recover(self, websocket: WebSocket, exc: Exception) -> Exception | None:
        """End the WebSocket as an exception demands; gives the exception when nobody handled it."""
        handler = find_handler(self.handlers, websocket.scope, exc)
        try:
            if handler is not None:
                answer = await handler(websocket, exc)
                if answer is not None and websocket.application_state is WebSocketState.CONNECTING:
                    await deny(websocket, to_response(answer))
                await finish(websocket)
                return None
            if isinstance(exc, WebSocketException):
                await close(websocket, exc.code, exc.reason)
                return None
            if websocket.application_state is not WebSocketState.CONNECTING:
                await close_at_last(websocket)
                return exc
            await deny(websocket, default_answer(exc) or server_error(exc, self.debug))
        except WebSocketDisconnect:
            pass
        except Exception as failed:
            await close_at_last(websocket)
            return failed
        return None if isinstance(exc, HTTPException) else exc


async def bounded(serving: Awaitable[None], websocket: WebSocket, ending: CancelScope) -> None:
    """Serve a WebSocket until its end has come, see `WebSocket.close_after`; then close it."""
    with ending:
        await serving
    if ending.cancel_called:
        await close(websocket, websocket.end_code, websocket.end_reason)


async def deny(websocket: WebSocket, response: Any) -> None:
    """Refuse the handshake with ``response`` where the server can send one, with a close otherwise."""
    if websocket.client_state is WebSocketState.CONNECTING:
        await websocket.receive()
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(response)
        return
    await websocket.close(1008 if isinstance(response, Response) and response.status_code < 500 else 1011)
    await response.discard()
    if response.background is not None and response.plain_call:
        await response.background()


async def finish(websocket: WebSocket) -> None:
    """Close what was left open by an endpoint that returned, or a handler. Raises RuntimeError for half a denial."""
    if websocket.application_state is WebSocketState.RESPONSE:
        await websocket.send({"type": "websocket.http.response.body", "body": b"", "more_body": False})
        raise RuntimeError("The endpoint returned before the response that refuses the WebSocket had ended")
    await close(websocket, 1000, "")


async def close(websocket: WebSocket, code: int, reason: str) -> None:
    """Close, unless it is closed already, or refused by a response that has begun."""
    if websocket.application_state not in (WebSocketState.CONNECTING, WebSocketState.CONNECTED):
        return
    if websocket.client_state is WebSocketState.DISCONNECTED:
        return
    if websocket.client_state is WebSocketState.CONNECTING:
        await websocket.receive()
    await websocket.close(code, reason)


async def close_at_last(websocket: WebSocket) -> None:
    """Close with 1011 after everything else went wrong; that the server refuses this too is no news."""
    try:
        await close(websocket, 1011, "")
    except Exception:
        websocket.application_state = WebSocketState.DISCONNECTED


def describe(outcome: WebSocketOutcome, websocket: WebSocket, error: BaseException | None) -> None:
    """Fill in what became of the WebSocket."""
    outcome.accepted = websocket.accepted
    outcome.error = error
    if isinstance(error, Exception):
        outcome.kind = "error"
    elif outcome.kind != "cancelled" and not websocket.accepted:
        outcome.kind = "denied"
    outcome.status_code = 101 if websocket.accepted else websocket.denial_status
    if websocket.accepted:
        outcome.close_code = 1006 if websocket.close_code is None else websocket.close_code
        outcome.close_reason = websocket.close_reason
    outcome.messages_in, outcome.messages_out = websocket.messages_in, websocket.messages_out
    outcome.bytes_in, outcome.bytes_out = websocket.bytes_in, websocket.bytes_out
    outcome.notes = websocket.scope.get(NOTES, NO_NOTES)
    outcome.duration = perf_counter() - outcome.started

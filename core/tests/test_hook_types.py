"""Type checkers know the signature of each hook: mypy reports an ignore here that is not needed any more."""

from collections.abc import Callable
from typing import Any, get_type_hints

import pytest

from pegboard import BodyFilter, Outcome, RouteHooks, WebSocketOutcome, hook_types
from pegboard.compiling import ARGUMENTS
from pegboard.hook_types import CompleteHook, RequestHook, ResponseHook, WebSocketCompleteHook
from pegboard.hookspecs import REQUEST_TIME
from pegboard.requests import Request
from pegboard.responses import Head, PlainTextResponse, Response
from pegboard.websockets import WebSocket

SHAPES = {
    "rewrite": hook_types.RewriteHook,
    "request": hook_types.RequestHook,
    "error": hook_types.ErrorHook,
    "response": hook_types.ResponseHook,
    "body": hook_types.BodyHook,
    "complete": hook_types.CompleteHook,
    "websocket": hook_types.WebSocketHook,
    "websocket_complete": hook_types.WebSocketCompleteHook,
}


@pytest.mark.parametrize("hook", REQUEST_TIME)
def test_every_shape_has_the_arguments_of_its_hook(hook: str) -> None:
    call: Callable[..., Any] = SHAPES[hook].__call__
    assert tuple(get_type_hints(call))[:-1] == ARGUMENTS[hook]


def sync_request(request: Request) -> Response | None:
    return None


async def async_request(request: Request) -> Response | None:
    return PlainTextResponse("early")


async def async_response(request: Request, response: Head) -> None: ...


def body(request: Request, response: Head) -> BodyFilter | None:
    return None


async def complete(request: Request, outcome: Outcome) -> None: ...


def websocket_complete(websocket: WebSocket, outcome: WebSocketOutcome) -> None: ...


def wrong_name(req: Request) -> Response | None:
    return None


def wrong_result(request: Request, response: Head) -> int:
    return 3


async def async_body(request: Request, response: Head) -> BodyFilter | None:
    return None


def test_right_shapes_are_taken() -> None:
    shapes: tuple[RequestHook, RequestHook, ResponseHook, CompleteHook, WebSocketCompleteHook] = (
        sync_request,
        async_request,
        async_response,
        complete,
        websocket_complete,
    )
    hooks = RouteHooks(request=[sync_request, async_request], response=async_response, body=body, complete=complete)
    assert hooks.request == shapes[:2]
    assert hooks.body == (body,)


def test_wrong_shapes_are_seen_by_the_type_checker() -> None:
    RouteHooks(request=wrong_name)  # type: ignore[arg-type]
    RouteHooks(response=wrong_result)  # type: ignore[arg-type]
    RouteHooks(body=async_body)  # type: ignore[arg-type]

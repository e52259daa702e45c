"""What endpoints, hooks and handlers may return instead of a response, and the one rule that makes a response of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from pegboard.base_responses import AppResponse, JSONResponse, PlainTextResponse, Response
from pegboard.typed_json import is_model

__all__ = ["to_response"]


def to_response(value: Any) -> Response | AppResponse:
    """Turn what an endpoint returned into a response.

    A response stays what it is; ``str`` becomes plain text, ``bytes`` an octet stream, ``None`` an empty 204, a pair
    ``(body, status)`` sets the status, an ASGI application answers for itself, and whatever else msgspec can encode
    becomes JSON.
    """
    if isinstance(value, Response | AppResponse):
        return value
    if isinstance(value, tuple) and len(value) == 2 and type(value[1]) is int:
        if not 100 <= value[1] <= 999:
            raise ValueError(f"(body, status) has the status {value[1]}; expected 100 to 999, or a list for JSON")
        return _make(*value)
    return _make(value, 204 if value is None else 200)


def _make(value: Any, status_code: int) -> Response | AppResponse:
    make = _MAKERS.get(type(value))
    if make is not None:
        return make(value, status_code=status_code)
    if isinstance(value, Response):
        value.status_code = status_code
        return value
    if callable(value) and not _is_data(value):
        app: Any = value
        return AppResponse(app)
    return JSONResponse(value, status_code)


def _is_data(value: Any) -> bool:
    return isinstance(value, msgspec.Struct) or hasattr(type(value), "__dataclass_fields__") or is_model(type(value))


_MAKERS: dict[type, Callable[..., Response]] = {
    str: PlainTextResponse,
    bytes: partial(Response, media_type="application/octet-stream"),
    dict: JSONResponse,
    list: JSONResponse,
    type(None): Response,
}

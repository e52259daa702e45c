"""The public names of all answers: the basic kinds, and those that are modules of their own.

The latter are loaded when they are first asked for: an application that streams nothing and sends no files does not
import what these need.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pegboard.base_responses import (
    AppResponse,
    Head,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    content_length,
)
from pegboard.endpoint_results import to_response
from pegboard.typed_json import encode_json

if TYPE_CHECKING:
    from pegboard.event_streams import EventSourceResponse, ServerSentEvent
    from pegboard.file_responses import FileResponse
    from pegboard.streaming_responses import StreamingResponse

__all__ = [
    "AppResponse",
    "EventSourceResponse",
    "FileResponse",
    "HTMLResponse",
    "Head",
    "JSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "ServerSentEvent",
    "StreamingResponse",
    "content_length",
    "encode_json",
    "to_response",
]

_MODULES = {
    "EventSourceResponse": "pegboard.event_streams",
    "FileResponse": "pegboard.file_responses",
    "ServerSentEvent": "pegboard.event_streams",
    "StreamingResponse": "pegboard.streaming_responses",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and keep it: the next look at it is a plain one."""
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(module), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

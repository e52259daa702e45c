"""The public names of all answers: the basic kinds, and those that are modules of their own."""

from __future__ import annotations

from pegboard.base_responses import (
    AppResponse,
    Head,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    content_length,
    to_response,
)
from pegboard.event_streams import EventSourceResponse, ServerSentEvent
from pegboard.file_responses import FileResponse
from pegboard.streaming_responses import StreamingResponse
from pegboard.typed_json import encode_json

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

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
    encode_json,
    to_response,
)
from pegboard.file_responses import FileResponse
from pegboard.streaming_responses import StreamingResponse

__all__ = [
    "AppResponse",
    "FileResponse",
    "HTMLResponse",
    "Head",
    "JSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "StreamingResponse",
    "content_length",
    "encode_json",
    "to_response",
]

"""The server that the test clients play: how it behaves, and the scopes it makes.

Scopes are what a strict server gives, and no more: header names in lower case, in bytes what travels in bytes, ``path``
below ``root_path``, and a copy of the lifespan's state for each connection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args
from urllib.parse import unquote

from pegboard.testclient.library import httpx
from pegboard.types import ASGIApp, Scope

__all__ = ["DEFAULT_EXTENSIONS", "Background", "LifespanMode", "Server"]

Background = Literal["wait", "detach", "capture"]
LifespanMode = Literal["auto", "on", "off"]

DEFAULT_EXTENSIONS: Mapping[str, Any] = {
    "http.response.debug": {},
    "http.response.early_hint": {},
    "http.response.trailers": {},
    "websocket.http.response": {},
}
"""The ASGI extensions that the test clients offer unless told otherwise."""


@dataclass(slots=True)
class Server:
    """One application and how it is served; the arguments of the clients say what each field means."""

    app: ASGIApp
    raise_server_exceptions: bool = True
    root_path: str = ""
    client: tuple[str, int] | None = ("testclient", 50000)
    background: Background = "wait"
    extensions: Mapping[str, Any] | None = None
    spec_version: str = "2.3"
    lifespan: LifespanMode = "auto"
    state: dict[str, Any] = field(default_factory=dict)
    background_errors: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, known in (("background", Background), ("lifespan", LifespanMode)):
            if getattr(self, name) not in get_args(known):
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected one of {', '.join(get_args(known))}")
        if not _VERSION.fullmatch(self.spec_version):
            raise ValueError(f"spec_version is {self.spec_version!r}; expected a version of ASGI such as '2.3'")

    @property
    def raises_on_send(self) -> bool:
        """Whether ``send()`` raises OSError once the client has left (ASGI HTTP and WebSocket 2.4)."""
        return self.spec_version >= "2.4"

    def http_scope(self, request: httpx.Request) -> Scope:
        """The scope of an HTTP request."""
        return {
            "type": "http",
            **self._common(request, "websocket."),
            "method": request.method.upper(),
            "scheme": request.url.scheme,
        }

    def websocket_scope(self, request: httpx.Request) -> Scope:
        """The scope of a WebSocket whose handshake is ``request``."""
        offered = request.headers.get("sec-websocket-protocol", "")
        return {
            "type": "websocket",
            **self._common(request, "http."),
            "scheme": {"http": "ws", "https": "wss"}.get(request.url.scheme, request.url.scheme),
            "subprotocols": [name.strip() for name in offered.split(",") if name.strip()],
        }

    def lifespan_scope(self) -> Scope:
        """The scope of a new life of the application, which fills its ``state``."""
        self.state = {}
        return {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}

    def _common(self, request: httpx.Request, not_offered: str) -> Scope:
        url = request.url
        raw_path = url.raw_path.partition(b"?")[0]
        root = self.root_path.rstrip("/")
        if root and not _is_under(url.path, root):
            raw_path = root.encode() + raw_path
        extensions = {**DEFAULT_EXTENSIONS, **(self.extensions or {})}
        return {
            "asgi": {"version": "3.0", "spec_version": self.spec_version},
            "http_version": "1.1",
            "path": unquote(raw_path.decode("ascii", "replace")),
            "raw_path": raw_path,
            "root_path": self.root_path,
            "query_string": url.query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": self.client,
            "server": (url.host, url.port or _PORTS.get(url.scheme, 80)),
            "extensions": {
                name: value
                for name, value in extensions.items()
                if value is not None and not name.startswith(not_offered)
            },
            "state": dict(self.state),
        }


def _is_under(path: str, root: str) -> bool:
    return path == root or path.startswith(root + "/")


_VERSION = re.compile(r"2\.\d")
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

"""Scopes as a strict server makes them, for conversations without an HTTP library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote, unquote

from pegboard.types import RawHeaders, Scope

__all__ = ["Headers", "http_scope", "raw_pairs", "websocket_scope"]

Headers: TypeAlias = Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]
"""Headers as a test writes them: a mapping, or pairs where a name comes twice."""

_URL_SAFE = "/%:@!$&'()*+,;=~-._"


def raw_pairs(headers: Headers) -> RawHeaders:
    """Headers as they travel: names in lower case, all of it bytes."""
    pairs: Any = headers.items() if isinstance(headers, Mapping) else headers
    return [(_bytes(name).lower(), _bytes(value)) for name, value in pairs]


def http_scope(path: str, method: str, headers: Headers, extensions: Sequence[str], more: Mapping[str, Any]) -> Scope:
    """The scope of a request; ``path`` may carry a query."""
    return {"type": "http", "method": method, "scheme": "http", **_common(path, headers, extensions), **more}


def websocket_scope(
    path: str, headers: Headers, subprotocols: Sequence[str], extensions: Sequence[str], more: Mapping[str, Any]
) -> Scope:
    """The scope of a WebSocket."""
    own = {"type": "websocket", "scheme": "ws", "subprotocols": list(subprotocols)}
    return {**own, **_common(path, headers, extensions), **more}


def _common(target: str, headers: Headers, extensions: Sequence[str]) -> dict[str, Any]:
    path, _, query = target.partition("?")
    pairs = raw_pairs(headers)
    if not any(name == b"host" for name, _ in pairs):
        pairs.insert(0, (b"host", b"testserver"))
    return {
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "path": unquote(path),
        "raw_path": quote(path, safe=_URL_SAFE).encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": pairs,
        "client": ("testclient", 50000),
        "server": ("testserver", 80),
        "extensions": {name: {} for name in extensions},
        "state": {},
    }


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")

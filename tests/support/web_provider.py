"""A small web server on loopback that answers with fixed documents, for what fetches from a provider."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["WebProvider", "web_provider"]


class WebProvider:
    """Answers paths with what `serve` was given; anything else with 404. ``asked`` are the paths in order."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.answers: dict[str, tuple[int, Mapping[str, str], bytes]] = {}

    def serve(self, path: str, content: Any, status: int = 200, **headers: str) -> str:
        """Answer ``path`` with bytes, or with anything as JSON, from now on; gives its URL."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.answers[path] = status, {name.replace("_", "-"): value for name, value in headers.items()}, body
        return self.url + path


@contextmanager
def web_provider() -> Iterator[WebProvider]:
    """Run a provider."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append(self.path)
            provider.headers.append({name.lower(): value for name, value in self.headers.items()})
            provider.go_on.wait(10)
            status, headers, body = provider.answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "content-length" not in headers:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider = WebProvider(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield provider
        finally:
            provider.go_on.set()
            server.shutdown()
            thread.join()

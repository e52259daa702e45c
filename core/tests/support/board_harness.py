"""Asking a board one thing over ASGI, without a server: what the tests of the machinery need and no more."""

from typing import Any

import anyio


class Answer:
    """What came back for one request."""

    def __init__(self, messages: list[dict[str, Any]], error: BaseException | None) -> None:
        self.messages = messages
        self.error = error
        start: dict[str, Any] = messages[0] if messages else {"status": 0, "headers": []}
        self.status = start["status"]
        self.headers = [(name.decode(), value.decode()) for name, value in start["headers"]]
        self.body = b"".join(message.get("body", b"") for message in messages[1:])

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)


async def ask(
    app: Any, target: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes = b"", **scope: Any
) -> Answer:
    """Send one request and collect the answer; what the application raises is kept."""
    raw = [(name.lower().encode(), value.encode()) for name, value in {"host": "testserver", **(headers or {})}.items()]
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": raw,
        "client": ("127.0.0.1", 1234),
        "server": ("testserver", 80),
        **scope,
    }
    incoming = [{"type": "http.request", "body": body, "more_body": False}]
    messages: list[dict[str, Any]] = []

    answered = anyio.Event()

    async def receive() -> dict[str, Any]:
        if incoming:
            return incoming.pop(0)
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            answered.set()

    error = None
    try:
        await app(scope, receive, send)
    except Exception as raised:  # noqa: BLE001  it is the answer's to tell
        error = raised
    return Answer(messages, error)

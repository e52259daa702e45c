"""The way out to the server: what went out is counted, and whoever breaks off is told apart."""

from __future__ import annotations

from typing import Any

import pytest

from pegboard.compiling import Pipeline
from pegboard.requests import ClientDisconnect, Request
from pegboard.responses import Head
from pegboard.stories.exchange import Exchange

pytestmark = pytest.mark.anyio


class Server:
    """Takes messages, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.sent: list[Any] = []

    async def send(self, message: Any) -> None:
        if self.failure is not None:
            raise self.failure
        self.sent.append(message)


def outlet_to(send: Any, method: str = "GET") -> Exchange:
    """An outlet without hooks and filters."""
    request = Request({"type": "http", "method": method})
    return Exchange(request, send, Pipeline({}), False, None, False, method == "HEAD")


START = {"type": "http.response.start", "status": 0, "trailers": True}


async def test_a_start_is_sent_with_what_the_head_says_and_keeps_the_rest() -> None:
    server, head = Server(), Head(201, [(b"a", b"1")])
    outlet = outlet_to(server.send)
    await outlet.put_start(head, START)
    assert server.sent == [{**START, "status": 201, "headers": head.raw_headers}]
    assert (outlet.status_code, outlet.first_byte is not None) == (201, True)


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_without_content_has_neither_length_nor_body(status: int) -> None:
    server, head = Server(), Head(status, [(b"content-length", b"1"), (b"a", b"1")])
    outlet = outlet_to(server.send)
    await outlet.put_start(head, START)
    await outlet.put_piece({"type": "http.response.body", "body": b"x", "more_body": False})
    assert [server.sent[0]["headers"], server.sent[1]["body"]] == [[(b"a", b"1")], b""]
    assert outlet.bytes_out == 0


async def test_bytes_are_counted_when_they_went_out() -> None:
    server = Server()
    outlet = outlet_to(server.send)
    await outlet.put_piece({"type": "http.response.body", "body": b"ab", "more_body": True})
    server.failure = OSError("gone")
    with pytest.raises(ClientDisconnect):
        await outlet.put_piece({"type": "http.response.body", "body": b"c", "more_body": True})
    assert outlet.bytes_out == 2


async def test_the_answer_to_head_has_no_content() -> None:
    server = Server()
    outlet = outlet_to(server.send, "HEAD")
    await outlet.put_piece({"type": "http.response.body", "body": b"ab", "more_body": False})
    assert (server.sent, outlet.bytes_out) == ([{"type": "http.response.body", "body": b"", "more_body": False}], 0)


@pytest.mark.parametrize("way", ["put_start", "put_piece", "put"])
@pytest.mark.parametrize(
    ("failure", "raised", "gone"),
    [(BrokenPipeError("gone"), ClientDisconnect, True), (LookupError("no"), LookupError, False)],
    ids=["client", "server"],
)
async def test_an_oserror_is_the_clients_leaving_and_all_else_the_servers(
    way: str, failure: Exception, raised: type[Exception], gone: bool
) -> None:
    outlet = outlet_to(Server(failure).send)
    arguments: list[Any] = [Head(200, []), START] if way == "put_start" else [{"type": "http.response.body"}]
    with pytest.raises(raised):
        await getattr(outlet, way)(*arguments)
    assert (outlet.gone, outlet.broken, outlet.status_code) == (gone, not gone, 0)


def test_what_applications_show_of_their_channel_tells_nothing() -> None:
    """It holds headers of others, and errors."""
    outlet = outlet_to(Server().send)
    outlet._held = (Head(200, [(b"set-cookie", b"secret=1")]), START)
    assert "secret" not in repr(outlet.send)

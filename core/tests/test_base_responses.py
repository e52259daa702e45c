"""Answers have the right head and the right bytes, whichever way they are made."""

from typing import Any

import pytest
from board_harness import ask

from pegboard.background import BackgroundTask
from pegboard.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

pytestmark = pytest.mark.anyio


TEXT = (b"content-type", b"text/plain; charset=utf-8")
HTML = (b"content-type", b"text/html; charset=utf-8")
JSON = (b"content-type", b"application/json")


@pytest.mark.parametrize(
    ("response", "body", "headers"),
    [
        (Response(), b"", [(b"content-length", b"0")]),
        (Response(b"x", media_type="image/png"), b"x", [(b"content-length", b"1"), (b"content-type", b"image/png")]),
        (Response(bytearray(b"ab")), b"ab", [(b"content-length", b"2")]),
        (Response(memoryview(b"ab")), b"ab", [(b"content-length", b"2")]),
        (
            PlainTextResponse("ä"),
            "ä".encode(),
            [(b"content-length", b"2"), TEXT],
        ),
        (HTMLResponse("<p>"), b"<p>", [(b"content-length", b"3"), HTML]),
        (
            JSONResponse({"a": None}),
            b'{"a":null}',
            [(b"content-length", b"10"), JSON],
        ),
        (Response(status_code=204), b"", []),
        (Response(status_code=304), b"", []),
    ],
)
async def test_head_and_body(response: Response, body: bytes, headers: Any) -> None:
    answer = await ask(response, "/")
    assert answer.body == body
    assert response.raw_headers == headers
    assert response.whole


@pytest.mark.parametrize("content", [3, [97], {"a": 1}])
def test_content_that_is_no_text_and_no_bytes_is_refused(content: Any) -> None:
    with pytest.raises(TypeError, match=f"got {type(content).__name__}; for other values use JSONResponse"):
        Response(content)


def test_headers_that_are_given_are_kept() -> None:
    response = PlainTextResponse("x", headers={"Content-Type": "text/x", "X-A": "b", "Content-Length": "7"})
    assert response.raw_headers == [(b"content-type", b"text/x"), (b"x-a", b"b"), (b"content-length", b"7")]


def test_a_header_that_would_be_two_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="control character"):
        PlainTextResponse("x", headers={"X-A": "b\r\nX-Evil: yes"})


def test_headers_can_be_changed_before_they_are_sent() -> None:
    response = PlainTextResponse("x")
    response.headers["X-A"] = "1"
    del response.headers["content-type"]
    response.set_body(b"longer")
    assert response.raw_headers == [(b"content-length", b"6"), (b"x-a", b"1")]
    assert response.body == b"longer"


def test_cookies_are_set_and_deleted() -> None:
    response = Response()
    response.set_cookie("a", "1", max_age=60, httponly=True, secure=True, partitioned=True)
    response.delete_cookie("b", path="/x")
    cookies = [value.decode() for name, value in response.raw_headers if name == b"set-cookie"]
    assert cookies[0].startswith("a=1")
    for part in ("Max-Age=60", "HttpOnly", "Secure", "Partitioned", "SameSite=Lax", "Path=/"):
        assert part.lower() in cookies[0].lower()
    assert "Max-Age=0".lower() in cookies[1].lower()
    with pytest.raises(ValueError, match="__Host-"):
        response.set_cookie("__Host-a", "1", path="/sub", secure=True)


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("/next", "/next"),
        ("https://example.org/ä b?x=1#f", "https://example.org/%C3%A4%20b?x=1#f"),
        ("/a\r\nX-Evil: 1", "/a%0D%0AX-Evil:%201"),
    ],
)
def test_a_redirect_leads_where_it_says(url: str, location: str) -> None:
    response = RedirectResponse(url)
    assert response.status_code == 307
    assert response.headers["location"] == location


async def test_a_response_runs_its_background_task_when_called_alone() -> None:
    done: list[int] = []
    await ask(PlainTextResponse("x", background=BackgroundTask(done.append, 1)), "/")
    assert done == [1]


async def test_head_gets_no_body_and_the_same_head() -> None:
    get, head = await ask(PlainTextResponse("hello"), "/"), await ask(PlainTextResponse("hello"), "/", "HEAD")
    assert head.headers == get.headers
    assert head.body == b""


def test_overriding_how_a_response_is_sent_makes_it_pushed() -> None:
    class Own(Response):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    class Typed(PlainTextResponse):
        media_type = "text/markdown"

    assert (Own.whole, Own.plain_call) == (False, False)
    assert (StreamingResponse.whole, StreamingResponse.plain_call) == (False, True)
    assert (Typed.whole, Typed("x").headers["content-type"]) == (True, "text/markdown; charset=utf-8")


class Early(Response):
    """Decides before the response is made."""

    def __init__(self, content: Any) -> None:
        self.media_type = "text/early"
        super().__init__(content)


class Rendered(Response):
    """Decides while it is rendered."""

    def render(self, content: Any) -> bytes:
        self.media_type = "text/rendered"
        return super().render(content)


class Headed(Response):
    """Makes its own headers."""

    def init_headers(self, headers: Any) -> None:
        super().init_headers({"content-type": "text/headed"})


class Below(Rendered):
    """One of the above by its base."""


OWN = {"early": Early, "rendered": Rendered, "headed": Headed, "below": Below}
TYPES = {"early": "text/early", "rendered": "text/rendered", "headed": "text/headed", "below": "text/rendered"}


@pytest.mark.parametrize("name", OWN)
def test_classes_that_decide_on_their_headers_are_asked(name: str) -> None:
    assert OWN[name]("x").headers["content-type"].partition(";")[0] == TYPES[name]

"""The page that shows an exception to whoever develops."""

from __future__ import annotations

import pytest
from asgi_harness import ask

from pegboard import Pegboard
from pegboard.debug_page import debug_page
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse
from pegboard.routing import Route

pytestmark = pytest.mark.anyio


async def test_debug_shows_the_traceback() -> None:
    """As a page where the client takes one, with everything escaped, as text otherwise; before any last resort."""

    async def fails(request: Request) -> None:
        exc = ValueError("<script>alert(1)</script>")
        exc.add_note("in hook <b>")
        raise exc

    async def sorry(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("sorry", 500)

    app = Pegboard(True, [Route("/", fails)], exception_handlers={500: sorry}, plugins=[])
    page = await ask(app, headers=[(b"accept", b"text/html,*/*")])
    text = await ask(app)
    assert page.headers[b"content-type"] == b"text/html; charset=utf-8"
    assert b"&lt;script&gt;" in page.body
    assert b"<script>" not in page.body
    assert b"in hook &lt;b&gt;" in page.body
    assert text.headers[b"content-type"] == b"text/plain; charset=utf-8"
    assert b"ValueError: <script>" in text.body


def test_whatever_the_exception_it_is_a_500() -> None:
    """Also of one that is no Exception."""
    assert debug_page(KeyboardInterrupt(), b"text/html").status_code == 500

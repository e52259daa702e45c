"""The plugin on a board: routes and their settings, other plugins around it, foreign applications."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Awaitable, Callable
from importlib.metadata import entry_points
from itertools import pairwise
from typing import Any

import pytest

from pegboard import Pegboard
from pegboard.exceptions import ConfigurationError
from pegboard.filters import BodyFilter
from pegboard.plugin import Plugin, RouteHooks, hookimpl
from pegboard.responses import PlainTextResponse, StreamingResponse
from pegboard.routing import Mount, Route
from pegboard_gzip import Gzip, GzipRouteSettings

pytestmark = pytest.mark.anyio

Ask = Callable[..., Awaitable[Any]]
TEXT = "a text that repeats itself, " * 200


async def whole(request: Any) -> PlainTextResponse:
    return PlainTextResponse(TEXT)


async def streamed(request: Any) -> StreamingResponse:
    return StreamingResponse(iter([TEXT[:3000], TEXT[3000:]]), media_type="text/plain")


def board(*routes: Any, plugins: tuple[Any, ...] = (), config: Any = None, **settings: Any) -> Pegboard:
    return Pegboard(routes=list(routes), plugins=[Gzip(**settings), *plugins], config=config or {}, autoload=False)


def test_it_is_found_by_its_entry_point() -> None:
    (found,) = entry_points(group="pegboard.plugins", name="gzip")
    assert found.load() is Gzip


async def test_the_section_of_the_configuration_is_its_own(ask: Ask) -> None:
    app = board(Route("/", whole), config={"gzip": {"codings": ["gzip"]}})
    assert (await ask(app, accept="br, gzip")).coding == "gzip"


def test_a_mistake_in_the_configuration_refuses_to_start() -> None:
    with pytest.raises(ConfigurationError, match=r"gzip\.br_level"):
        board(config={"gzip": {"br_level": 12}}).freeze()
    with pytest.raises(ConfigurationError, match="threads"):
        board(Route("/", whole, plugins={"gzip": {"threads": 3}})).freeze()


async def test_a_route_has_settings_of_its_own_or_none_of_it(ask: Ask) -> None:
    app = board(
        Route("/", whole),
        Route("/off", whole, plugins={"gzip": False}),
        Route("/large", whole, plugins={"gzip": {"minimum_size": 100_000}}),
        Mount(
            "/br",
            routes=[Route("/", whole), Route("/gzip", whole, plugins={"gzip": {"codings": ["gzip"]}})],
            plugins={"gzip": {"codings": ["br"]}},
        ),
    )
    accept = "gzip, br, zstd"
    codings = {path: (await ask(app, path, accept)).coding for path in ("/", "/off", "/large", "/br/", "/br/gzip")}
    assert codings == {"/": "zstd", "/off": None, "/large": None, "/br/": "br", "/br/gzip": "gzip"}
    assert "vary" not in (await ask(app, "/off", accept)).headers


def test_routes_with_equal_settings_share_their_hooks() -> None:
    plugin = Gzip()
    routes = [
        Route("/1", whole),
        Route("/2", whole),
        Route("/3", whole, plugins={"gzip": {"minimum_size": 1024}}),
        Route("/4", whole, plugins={"gzip": {"minimum_size": 1}}),
    ]
    Pegboard(routes=routes, plugins=[plugin], config={}, autoload=False).freeze()
    same, again, other = (plugin.route(GzipRouteSettings(minimum_size=size)) for size in (1024, 1024, 1))
    assert same is again is not other


async def test_what_has_no_route_is_compressed_as_well(ask: Ask) -> None:
    app = board(minimum_size=0)

    @app.exception_handler(404)
    async def missing(request: Any, error: Exception) -> PlainTextResponse:
        return PlainTextResponse(TEXT, 404)

    answer = await ask(app, "/nowhere", "gzip")
    assert (answer.status, answer.decoded) == (404, TEXT.encode())


class Shouting(BodyFilter):
    def feed(self, chunk: bytes, more: bool) -> bytes:
        return chunk.upper()


class Inside(Plugin[Any]):
    name = "inside"

    @hookimpl
    def body(self) -> BodyFilter:
        return Shouting()


class InsideByRoute(Plugin[Any]):
    name = "inside-by-route"

    @hookimpl
    def route(self) -> RouteHooks:
        return RouteHooks(body=lambda request, response: Shouting())


class Recording(BodyFilter):
    def __init__(self, seen: list[bytes]) -> None:
        self.seen = seen

    def feed(self, chunk: bytes, more: bool) -> bytes:
        self.seen.append(chunk)
        return chunk


class Outside(Plugin[Any]):
    name = "outside"
    phase = "guard"

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[bytes] = []

    @hookimpl
    def response(self, response: Any) -> None:
        response.headers["vary"] = "Origin"

    @hookimpl
    def body(self) -> BodyFilter:
        return Recording(self.seen)


@pytest.mark.parametrize("inner", [Inside, InsideByRoute])
@pytest.mark.parametrize("endpoint", [whole, streamed])
async def test_what_plugins_further_inside_make_of_a_body_is_what_is_compressed(
    ask: Ask, inner: Any, endpoint: Any
) -> None:
    answer = await ask(board(Route("/", endpoint), plugins=(inner(),)), accept="br")
    assert (answer.coding, answer.decoded) == ("br", TEXT.upper().encode())


@pytest.mark.parametrize("endpoint", [whole, streamed])
async def test_plugins_further_outside_see_what_is_sent(ask: Ask, endpoint: Any) -> None:
    outside = Outside()
    answer = await ask(board(Route("/", endpoint), plugins=(outside,)), accept="br")
    assert (answer.decoded, b"".join(outside.seen)) == (TEXT.encode(), answer.body)
    assert answer.headers["vary"] == "Origin, Accept-Encoding"


async def test_the_word_of_a_plugin_further_outside_counts(ask: Ask) -> None:
    class Fixed(Plugin[Any]):
        name = "fixed"
        phase = "guard"

        @hookimpl
        def response(self, response: Any) -> None:
            response.headers["cache-control"] = "no-transform"

    answer = await ask(board(Route("/", whole), plugins=(Fixed(),)), accept="br")
    assert (answer.coding, answer.body) == (None, TEXT.encode())


def foreign(*messages: dict[str, Any], headers: tuple[tuple[bytes, bytes], ...] = ()) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raw = [(b"content-type", b"text/plain"), *headers]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        for message in messages:
            await send(message)

    return app


def body(data: str, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data.encode(), "more_body": more}


@pytest.mark.parametrize("accept", ["zstd", "br", "gzip", None])
@pytest.mark.parametrize("length", [None, len(TEXT)])
@pytest.mark.parametrize("split", [[], [10], [2000, 3000]])
async def test_a_foreign_application_is_compressed_however_it_cuts_its_body(
    ask: Ask, accept: str | None, length: int | None, split: list[int]
) -> None:
    cuts = [0, *split, len(TEXT)]
    messages = [body(TEXT[start:end], end != len(TEXT)) for start, end in pairwise(cuts)]
    headers = () if length is None else ((b"content-length", str(length).encode()),)
    answer = await ask(board(Mount("/", foreign(*messages, headers=headers))), accept=accept)
    assert (answer.coding, answer.decoded) == (accept, TEXT.encode())
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers.get("content-length", str(len(answer.body))) == str(len(answer.body))


async def test_a_short_answer_of_a_foreign_application_stays_plain(ask: Ask) -> None:
    answer = await ask(board(Mount("/", foreign(body("short", True), body(" one")))), accept="gzip")
    assert (answer.coding, answer.body) == (None, b"short one")


@pytest.mark.parametrize("length", [b"2000", b"99999999", b"9" * 5000, b"-1", b"many", b""])
async def test_a_length_that_is_not_true_does_no_harm(ask: Ask, length: bytes) -> None:
    messages = [body(TEXT, True), body(TEXT, True), body(TEXT)]
    app = foreign(*messages, headers=((b"content-length", length),))
    assert (await ask(board(Mount("/", app)), accept="gzip")).decoded == TEXT.encode() * 3


FILES: dict[str, Any] = {"http.response.pathsend": {}, "http.response.zerocopysend": {}}


async def test_a_file_is_handed_to_the_server_unless_it_is_compressed(ask: Ask, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text(TEXT)
    app = board(Mount("/", foreign({"type": "http.response.pathsend", "path": str(path)})))
    plain = await ask(app, accept="identity", extensions=FILES)
    assert plain.messages[1] == {"type": "http.response.pathsend", "path": str(path)}
    assert plain.headers["vary"] == "Accept-Encoding"
    assert (await ask(app, accept="br", extensions=FILES)).decoded == TEXT.encode()


async def test_a_descriptor_is_handed_to_the_server_unless_it_is_compressed(ask: Ask, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text(TEXT)
    with path.open("rb") as file:
        message = {"type": "http.response.zerocopysend", "file": file.fileno()}
        app = board(Mount("/", foreign(message)))
        assert (await ask(app, accept="identity", extensions=FILES)).messages[1] == message
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        assert (await ask(app, accept="gzip", extensions=FILES)).decoded == TEXT.encode()


@pytest.mark.parametrize("accept", ["zstd", "br", "gzip"])
async def test_trailers_follow_a_compressed_body(ask: Ask, accept: str) -> None:
    trailers = {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")], "more_trailers": False}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/plain"), (b"trailer", b"x-sum")]
        await send({"type": "http.response.start", "status": 200, "headers": headers, "trailers": True})
        await send(body(TEXT[:2000], True))
        await send(body(TEXT[2000:]))
        await send(trailers)

    answer = await ask(board(Mount("/", app)), accept=accept, extensions={"http.response.trailers": {}})
    assert (answer.coding, answer.decoded, answer.messages[-1]) == (accept, TEXT.encode(), trailers)
    assert answer.messages[0]["trailers"] is True

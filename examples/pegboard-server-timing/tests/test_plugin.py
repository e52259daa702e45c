"""The plugin on a board: what clients are shown, and who is."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pegboard import Pegboard, Plugin, hookimpl
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse, StreamingResponse
from pegboard.routing import Route
from pegboard.testclient import AsyncTestClient, TestClient
from pegboard.testing import Conversation, Faults, HookRecorder, VirtualClock, converse

from pegboard_server_timing import ServerTiming, measure


@pytest.fixture
def pegboard_plugin() -> ServerTiming:
    """The plugin that the fixture `board` has."""
    return ServerTiming(show="always")


@pytest.mark.parametrize("path", ["/", "/nowhere", "/fail", "/stream", "/foreign/whole"])
def test_every_answer_tells_its_time(board_client: TestClient, hook_recorder: HookRecorder, path: str) -> None:
    assert board_client.get(path).headers["server-timing"].startswith("total;dur=")
    hook_recorder.assert_ran("response", plugin="server-timing", times=1)


Factory = Callable[..., Pegboard]


def timed_routes(clock: VirtualClock) -> list[Route]:
    async def page(request: Request) -> PlainTextResponse:
        with measure(request, "db", "two queries"):
            clock.advance(0.012)
        clock.advance(0.003)
        return PlainTextResponse("page")

    return [Route("/", page), Route("/off", page, plugins={"server-timing": {"show": "never"}})]


def test_the_times_are_the_true_ones(board_factory: Factory, virtual_clock: VirtualClock) -> None:
    with TestClient(board_factory([ServerTiming(show="always")], timed_routes(virtual_clock))) as client:
        told = client.get("/").headers["server-timing"]
    assert told == 'db;dur=12;desc="two queries", total;dur=15;desc="until the head"'


def test_a_route_may_show_nothing(board_factory: Factory, virtual_clock: VirtualClock) -> None:
    with TestClient(board_factory([ServerTiming(show="always")], timed_routes(virtual_clock))) as client:
        assert "server-timing" not in client.get("/off").headers


@pytest.mark.parametrize("debug", [False, True])
def test_by_default_only_developers_are_shown_times(board_factory: Factory, debug: bool) -> None:
    with TestClient(board_factory([ServerTiming()], debug=debug)) as client:
        assert ("server-timing" in client.get("/").headers) is debug


class Slow(Plugin):
    """A plugin whose hooks take their time."""

    name = "slow"

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self.clock = clock

    @hookimpl
    def request(self) -> None:
        self.clock.advance(0.001)

    @hookimpl
    async def response(self) -> None:
        self.clock.advance(0.002)


def test_the_hooks_of_each_plugin_are_told_when_that_is_wanted(
    board_factory: Factory, virtual_clock: VirtualClock
) -> None:
    plugins = [ServerTiming(show="always", hooks=True, descriptions=False), Slow(virtual_clock)]
    with TestClient(board_factory(plugins)) as client:
        assert client.get("/").headers["server-timing"] == "slow;dur=3, total;dur=3"
    with TestClient(board_factory([ServerTiming(show="always", descriptions=False), Slow(virtual_clock)])) as client:
        assert client.get("/").headers["server-timing"] == "total;dur=3"


def test_measuring_where_nothing_is_shown_does_no_harm(board_factory: Factory, virtual_clock: VirtualClock) -> None:
    with TestClient(board_factory([ServerTiming(show="never")], timed_routes(virtual_clock))) as client:
        assert client.get("/").text == "page"


# Trailers


def trailers_of(seen: Conversation) -> list[tuple[bytes, bytes]]:
    return [pair for message in seen.messages if message["type"].endswith("trailers") for pair in message["headers"]]


ASKED: dict[str, Any] = {"headers": {"te": "gzip, Trailers"}, "extensions": ["http.response.trailers"]}


@pytest.fixture
def trailing(board_factory: Factory, virtual_clock: VirtualClock) -> Pegboard:
    async def stream(request: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"a"
            virtual_clock.advance(0.25)
            yield b"b"

        return StreamingResponse(pieces())

    async def whole(request: Request) -> PlainTextResponse:
        return PlainTextResponse("whole")

    return board_factory([ServerTiming(show="always", trailers=True)], [Route("/", stream), Route("/whole", whole)])


@pytest.mark.anyio
async def test_a_trailer_tells_the_whole_duration(trailing: Pegboard) -> None:
    seen = await converse(trailing, **ASKED)
    assert seen.header("trailer") == "server-timing"
    value = b'head;dur=0;desc="until the head", complete;dur=250;desc="until the last byte"'
    assert trailers_of(seen) == [(b"server-timing", value)]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/", {"headers": {"te": "trailers"}}),
        ("/", {"extensions": ["http.response.trailers"]}),
        ("/", {**ASKED, "method": "HEAD"}),
        ("/whole", ASKED),
        ("/", {**ASKED, "faults": Faults(leave_after=2)}),
    ],
    ids=["server-has-none", "client-wants-none", "head", "content-length", "client-left"],
)
async def test_there_is_no_trailer_where_there_can_be_none(
    trailing: Pegboard, path: str, options: dict[str, Any]
) -> None:
    assert trailers_of(await converse(trailing, path, **options)) == []


@pytest.mark.anyio
async def test_a_response_with_a_length_can_have_trailers_over_http_2(trailing: Pegboard) -> None:
    seen = await converse(trailing, "/whole", **ASKED, http_version="2")
    assert len(trailers_of(seen)) == 1


@pytest.mark.anyio
async def test_a_client_receives_the_trailer(trailing: Pegboard) -> None:
    async with AsyncTestClient(trailing) as client:
        answer = await client.get("/", headers={"te": "trailers"})
    assert answer.text == "ab"
    assert b"complete;dur=" in dict(answer.extensions["trailers"])[b"server-timing"]

"""Compressed bodies of responses that do not change are kept, within a bound."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from pegboard import Pegboard
from pegboard.filters import BodyFilter
from pegboard.plugin import Plugin, hookimpl
from pegboard.requests import Request
from pegboard.responses import FileResponse, PlainTextResponse, Response
from pegboard.routing import Route
from pegboard_gzip import Gzip
from pegboard_gzip.codecs import CODINGS, make_codec
from pegboard_gzip.kept_bodies import LEVELS, KeptBodies, is_lasting

Ask = Callable[..., Awaitable[Any]]
TEXT = "".join(f"line {number * 7919 % 1000} of a text\n" for number in range(400))


@pytest.mark.parametrize(
    ("raw", "lasting"),
    [
        ([(b"etag", b'"v1"')], True),
        ([(b"cache-control", b"max-age=60, Immutable")], True),
        ([(b"etag", b'W/"v1"')], False),
        ([(b"etag", b'"v1"'), (b"cache-control", b"no-store")], False),
        ([(b"cache-control", b"immutable, no-store")], False),
        ([(b"cache-control", b"max-age=60")], False),
        ([], False),
    ],
)
def test_what_declares_itself_stable(raw: list[tuple[bytes, bytes]], lasting: bool) -> None:
    assert is_lasting(raw) is lasting


def test_what_was_not_used_for_longest_makes_room() -> None:
    kept = KeptBodies(10_000)
    bodies = [bytes([number]) * 1000 for number in range(9)]
    for body in bodies[:7]:
        assert kept.begin("br", body)
        kept.end("br", body, b"small")
    assert len(kept) == 7
    assert kept.find("br", bodies[0]) == b"small"
    for body in bodies[7:]:
        kept.end("br", body, b"small")
    assert len(kept) == 7
    assert [kept.find("br", body) is None for body in bodies] == [False, True, True] + [False] * 6


def test_each_coding_is_kept_for_itself() -> None:
    kept = KeptBodies(100_000)
    kept.end("br", b"body", b"1")
    kept.end("zstd", b"body", b"2")
    assert (kept.find("br", b"body"), kept.find("zstd", b"body"), kept.find("gzip", b"body")) == (b"1", b"2", None)


def test_a_body_is_compressed_by_one_at_a_time_and_again_after_a_failure() -> None:
    kept = KeptBodies(100_000)
    assert kept.begin("br", b"body")
    assert not kept.begin("br", b"body")
    assert kept.begin("zstd", b"body")
    kept.end("br", b"body", None)
    assert kept.find("br", b"body") is None
    assert kept.begin("br", b"body")


def test_a_body_that_takes_too_large_a_share_is_not_kept() -> None:
    kept = KeptBodies(8000)
    assert kept.begin("br", bytes(1000))
    assert not kept.begin("br", bytes(1001))


def board(make: Callable[[], Response], *plugins: Any, cache_size: int = 1_000_000, **settings: Any) -> Pegboard:
    async def endpoint(request: Request) -> Response:
        return make()

    gzip = Gzip(cache_size=cache_size, **settings)
    return Pegboard(routes=[Route("/", endpoint)], plugins=[gzip, *plugins], config={}, autoload=False)


def text(**headers: str) -> Response:
    return PlainTextResponse(TEXT, headers={key.replace("_", "-"): value for key, value in headers.items()})


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The codings of what was compressed for keeping."""
    done: list[str] = []
    usual = KeptBodies.end

    def end(self: KeptBodies, coding: str, body: bytes, compressed: bytes | None) -> None:
        done.append(coding)
        usual(self, coding, body, compressed)

    monkeypatch.setattr(KeptBodies, "end", end)
    return done


@pytest.mark.anyio
@pytest.mark.parametrize("coding", CODINGS)
async def test_a_lasting_body_is_compressed_once_and_at_a_high_level(ask: Ask, works: list[str], coding: str) -> None:
    app = board(lambda: text(etag='"v1"'))
    answers = [await ask(app, accept=coding) for _ in range(3)]
    assert works == [coding]
    best = make_codec(coding, LEVELS[coding]).whole(TEXT.encode())
    for answer in answers:
        assert (answer.coding, answer.decoded, answer.body) == (coding, TEXT.encode(), best)
        assert answer.headers["etag"] == f'"v1--{coding}kept"'
        assert answer.headers["content-length"] == str(len(best))
        assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.anyio
async def test_another_body_under_the_same_tag_is_never_answered_with_the_one_that_is_kept(
    ask: Ask, works: list[str]
) -> None:
    texts = iter([TEXT, TEXT + "changed", TEXT])
    app = board(lambda: PlainTextResponse(next(texts), headers={"etag": '"v1"'}))
    decoded = [(await ask(app, accept="br")).decoded for _ in range(3)]
    assert decoded == [TEXT.encode(), TEXT.encode() + b"changed", TEXT.encode()]
    assert works == ["br", "br"]


@pytest.mark.anyio
@pytest.mark.parametrize("headers", [{}, {"etag": 'W/"v1"'}, {"etag": '"v1"', "cache_control": "no-store"}], ids=str)
async def test_what_may_change_is_compressed_each_time(ask: Ask, works: list[str], headers: dict[str, str]) -> None:
    app = board(lambda: text(**headers))
    for _ in range(2):
        assert (await ask(app, accept="br")).decoded == TEXT.encode()
    assert works == []


@pytest.mark.anyio
async def test_nothing_is_kept_by_default(ask: Ask, works: list[str]) -> None:
    app = board(lambda: text(etag='"v1"'), cache_size=0)
    answer = await ask(app, accept="br")
    assert (answer.headers["etag"], works) == ('"v1--br"', [])


@pytest.mark.anyio
async def test_conditions_on_both_tags_reach_the_endpoint_as_its_own(ask: Ask) -> None:
    seen = []

    async def endpoint(request: Request) -> Response:
        seen.append(request.headers["if-none-match"])
        return Response(status_code=304, headers={"etag": '"v1"'})

    app = Pegboard(routes=[Route("/", endpoint)], plugins=[Gzip(cache_size=10_000)], config={}, autoload=False)
    for tag in ('"v1--brkept"', '"v1--br"'):
        answer = await ask(app, accept="br", headers=[("if-none-match", tag)])
        assert (answer.status, answer.headers["etag"]) == (304, tag)
    await ask(app, accept="gzip", headers=[("if-none-match", '"v1--brkept"')])
    assert seen == ['"v1"', '"v1"', '"v1--brkept"']


@pytest.mark.anyio
async def test_whoever_asks_while_a_body_is_compressed_for_keeping_gets_the_usual_level(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeptBodies, "begin", lambda self, coding, body: False)
    answer = await ask(board(lambda: text(etag='"v1"')), accept="br")
    assert (answer.headers["etag"], answer.decoded) == ('"v1--br"', TEXT.encode())
    assert answer.body == make_codec("br", 4).whole(TEXT.encode())


@pytest.mark.anyio
async def test_many_at_once_make_one_of_them_compress_for_keeping(ask: Ask, works: list[str]) -> None:
    app = board(lambda: text(etag='"v1"'))
    answers = []

    async def one() -> None:
        answers.append(await ask(app, accept="br"))

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(one)
    assert works == ["br"]
    assert {answer.decoded for answer in answers} == {TEXT.encode()}


@pytest.mark.anyio
async def test_small_files_are_kept_as_well(ask: Ask, works: list[str], tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text(TEXT)
    app = board(lambda: FileResponse(tmp_path / "page.txt"))
    bodies = {(await ask(app, accept="br")).body for _ in range(3)}
    assert bodies == {make_codec("br", LEVELS["br"]).whole(TEXT.encode())}
    assert works == ["br"]


@pytest.mark.anyio
async def test_what_does_not_shrink_is_remembered_too(ask: Ask, works: list[str]) -> None:
    app = board(lambda: PlainTextResponse("abc", headers={"etag": '"v1"'}), minimum_size=0)
    for _ in range(3):
        answer = await ask(app, accept="br")
        assert (answer.coding, answer.body, answer.headers["etag"]) == (None, b"abc", '"v1"')
    assert works == ["br"]


class Inside(Plugin[Any]):
    name = "inside"

    @hookimpl
    def body(self) -> BodyFilter:
        return Shouting()


class Shouting(BodyFilter):
    def feed(self, chunk: bytes, more: bool) -> bytes:
        return chunk.upper()


@pytest.mark.anyio
async def test_what_plugins_further_inside_make_of_a_body_is_what_is_kept(ask: Ask, works: list[str]) -> None:
    app = board(lambda: text(etag='"v1"'), Inside())
    for _ in range(2):
        assert (await ask(app, accept="br")).decoded == TEXT.upper().encode()
    assert works == ["br"]

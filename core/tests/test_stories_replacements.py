"""What hooks put in the place of a response, or make of it, goes out right."""

from pathlib import Path
from typing import Any

import pytest
from board_harness import ask

from pegboard import BodyFilter, Pegboard, Plugin, hookimpl
from pegboard.requests import Request
from pegboard.responses import FileResponse
from pegboard.routing import Route

pytestmark = pytest.mark.anyio


async def test_a_file_that_a_hook_puts_in_the_place_of_an_answer_is_shaped_once(tmp_path: Path) -> None:
    file = tmp_path / "page.txt"
    file.write_text("a page")
    opened: list[int] = []
    closed: list[int] = []
    seen: list[int] = []

    class Counting(BodyFilter):
        def __init__(self) -> None:
            opened.append(1)

        def feed(self, chunk: bytes, more: bool) -> bytes:
            return chunk.upper()

        def close(self) -> None:
            closed.append(1)

    class Replacing(Plugin):
        name = "replacing"

        @hookimpl
        def response(self, response: Any) -> Any:
            seen.append(response.status_code)
            return FileResponse(file) if len(seen) == 1 else None

        @hookimpl
        def body(self) -> BodyFilter:
            return Counting()

    async def home(request: Request) -> str:
        return "home"

    answer = await ask(Pegboard(routes=[Route("/", home)], plugins=[Replacing()]), "/")
    assert (answer.status, answer.body, answer.error) == (200, b"A PAGE", None)
    assert (seen, opened, closed) == ([200], [1], [1])


@pytest.mark.parametrize("status", [204, 304])
async def test_a_hook_that_takes_the_body_away_by_the_status_takes_its_length_too(status: int) -> None:
    class Emptying(Plugin):
        name = "emptying"

        @hookimpl
        def response(self, response: Any) -> None:
            response.status_code = status

    async def home(request: Request) -> str:
        return "home"

    answer = await ask(Pegboard(routes=[Route("/", home)], plugins=[Emptying()]), "/")
    assert (answer.status, answer.body, answer.header("content-length")) == (status, b"", None)

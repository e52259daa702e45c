"""Where a redirect leads: to the same path with its slash toggled, as the client wrote it, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from board_harness import ask

from pegboard import Pegboard
from pegboard.requests import Request
from pegboard.routing import Mount, Route
from pegboard.routing.misses import toggled_slash

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("path", "raw_path", "target"),
    [
        ("/a/b", b"", "./b/"),
        ("/a/b/", b"", "../b"),
        ("/a/b", b"/a/b", "./b/"),
        ("/a/b", b"/a%2Fb", "./a%2Fb/"),
        ("/a/b/", b"/a%2fb/", "../a%2Fb"),
        ("/a/b/", b"/a/b%2F", "./b"),
        ("/a/b", b"/other/", "./b/"),
        ("", b"", "./"),
        ("/\udcff", b"", "./%ED%B3%BF/"),
        ("/\udcff", b"/\xff", "./%FF/"),
        ("/a:b", b"", "./a%3Ab/"),
        ("/a/..", b"", None),
        ("/a/..", b"/a/%2e%2e", None),
        ("/a/./", b"", None),
        ("/a/%2e%2e", b"/a/%252e%252e", "./%252e%252e/"),
        ("//evil.example", b"", "./evil.example/"),
        ("/\\evil.example", b"", "./%5Cevil.example/"),
    ],
)
def test_a_slash_is_toggled_relative_to_the_last_segment(path: str, raw_path: bytes, target: str | None) -> None:
    assert toggled_slash(path, raw_path) == target


async def nothing(request: Request) -> None: ...


@pytest.mark.parametrize(
    ("query", "location"),
    [
        (b"", "./x/"),
        (b"a=1&b=%2F", "./x/?a=1&b=%2F"),
        (b"a=\xc3\xa9", "./x/?a=%C3%A9"),
        (b"a=\xff#z", "./x/?a=%FF%23z"),
        (b"a=\r\nX: y", "./x/?a=%0D%0AX:%20y"),
    ],
)
async def test_the_bytes_of_a_query_are_kept_and_encoded_once(query: bytes, location: str) -> None:
    answer = await ask(Pegboard(routes=[Route("/x/", nothing)], plugins=[]), "/x", query_string=query)
    assert (answer.status, answer.header("location")) == (307, location)


@pytest.mark.parametrize(
    ("path", "raw_path", "status"),
    [("/q/..", b"/q/%2e%2e", 404), ("/q/.", b"/q/%2e", 404), ("/\udcff/x", b"/\xff/x", 307), ("/q/\udcff", b"", 307)],
)
async def test_no_path_is_an_error_or_leads_elsewhere(path: str, raw_path: bytes, status: int) -> None:
    answer = await ask(Pegboard(routes=[Route("/{a}/{b}/", nothing)], plugins=[]), "/", path=path, raw_path=raw_path)
    assert (answer.status, answer.error) == (status, None)


async def test_the_route_of_a_miss_says_what_was_missed_below_a_mount_too() -> None:
    seen: list[Any] = []

    def watch(app: Any) -> Any:
        async def call(scope: Any, receive: Any, send: Any) -> None:
            try:
                await app(scope, receive, send)
            finally:
                seen.append((scope["route"].name, scope["root_path"], dict(scope["path_params"])))

        return call

    app = Pegboard(
        routes=[Mount("/m/{t}", routes=[Route("/x", nothing), Route("/s/", nothing)], middleware=[watch])], plugins=[]
    )
    for path, method in [("/m/1/x", "POST"), ("/m/1/x", "OPTIONS"), ("/m/1/s", "GET"), ("/m/1/none", "GET")]:
        await ask(app, path, method)
    names = ["method_not_allowed", "options", "redirect_slash", "not_found"]
    assert seen == [(name, "/m/1", {"t": "1"}) for name in names]

"""What the page "Coming from Starlette" says of responses."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
from both_frameworks import ERROR, Kit, asked, claim, client, endpoint, outcome

from pegboard import Plugin, hookimpl

RESPONSES = "Responses"


@claim(
    RESPONSES,
    "JSON",
    theirs=["TypeError"] * 4,
    ours=[b'"2026-01-02"', b'"00000000-0000-0000-0000-000000000001"', b"[1]", b'"YQ=="'],
)
def json_types(kit: Kit) -> Any:
    values = (date(2026, 1, 2), uuid.UUID(int=1), {1}, b"a")
    return [outcome(lambda kit, value=value: kit.responses.JSONResponse(value).body, kit) for value in values]  # type: ignore[misc]


@claim(RESPONSES, "NaN and infinity in JSON", theirs=["ValueError"] * 2, ours=[b"null"] * 2)
def json_nan(kit: Kit) -> Any:
    values = (float("nan"), float("inf"))
    return [outcome(lambda kit, value=value: kit.responses.JSONResponse(value).body, kit) for value in values]  # type: ignore[misc]


@claim(RESPONSES, "floats in JSON", theirs=b"1e+16", ours=b"1e16")
def json_floats(kit: Kit) -> Any:
    return kit.responses.JSONResponse(1e16).body


@claim(RESPONSES, "header values with control characters", theirs="sent", ours="ValueError")
def control_characters(kit: Kit) -> Any:
    kit.responses.Response(headers={"x-a": "1\r\nx-b: 2"})
    return "sent"


@claim(
    RESPONSES,
    "cookies that clients drop (`__Host-` without Secure, …)",
    theirs=["sent"] * 3,
    ours=["ValueError"] * 3,
)
def dropped_cookies(kit: Kit) -> Any:
    def set_cookie(name: str, **options: Any) -> str:
        kit.responses.Response().set_cookie(name, "1", **options)
        return "sent"

    wrong: list[tuple[str, dict[str, Any]]] = [
        ("__Host-a", {}),
        ("__Host-a", {"secure": True, "domain": "example.org"}),
        ("__Secure-a", {}),
    ]
    return [outcome(lambda kit, one=one: set_cookie(one[0], **one[1]), kit) for one in wrong]  # type: ignore[misc]


@claim(
    RESPONSES,
    "`partitioned=True` before Python 3.14",
    theirs="ValueError" if sys.version_info < (3, 14) else True,
    ours=True,
)
def partitioned_cookies(kit: Kit) -> Any:
    response = kit.responses.Response()
    response.set_cookie("a", "1", secure=True, samesite="none", partitioned=True)
    return "Partitioned" in response.headers["set-cookie"]


@claim(RESPONSES, "wrong names of cookies", theirs="CookieError", ours="ValueError")
def cookie_names(kit: Kit) -> Any:
    return kit.responses.Response().set_cookie("a b", "1")


@claim(RESPONSES, "`HEAD` for a stream", theirs=["begun", "asked again"], ours=[])
def head_of_a_stream(kit: Kit) -> Any:
    log: list[str] = []

    async def pieces() -> AsyncIterator[bytes]:
        log.append("begun")
        yield b"1"
        log.append("asked again")

    asked(kit.app(endpoint(kit, "/", lambda request: kit.responses.StreamingResponse(pieces()))), "/", "HEAD")
    return log


@claim(RESPONSES, "a stream whose client has left", theirs="left open", ours="closed")
def abandoned_stream(kit: Kit) -> Any:
    log: list[str] = []

    async def run() -> None:
        class Pieces:
            def __aiter__(self) -> Pieces:
                return self

            async def __anext__(self) -> bytes:
                return b"x"

            async def aclose(self) -> None:
                log.append("closed")

        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            await anyio.lowlevel.checkpoint()

        app = kit.app(endpoint(kit, "/", lambda request: kit.responses.StreamingResponse(Pieces())))
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "root_path": ""}
        await app(scope, receive, send)

    anyio.run(run)
    return log[0] if log else "left open"


def of_file(kit: Kit, *, exists: bool = True, headers: dict[str, str] | None = None, method: str = "GET") -> Any:
    """A file of 200 bytes, asked for once."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "file.txt")
        if exists:
            path.write_bytes(b"0123456789" * 20)
            os.utime(path, (1_700_000_000, 1_700_000_000))
        asking = client(kit, endpoint(kit, "/", lambda request: kit.responses.FileResponse(path)))
        return asking.request(method, "/", headers=headers)


@claim(RESPONSES, "`FileResponse` of a file that is missing", theirs=ERROR, ours=404)
def missing_file(kit: Kit) -> Any:
    return of_file(kit, exists=False).status_code


@claim(
    RESPONSES,
    "a filename with blanks, or letters beyond ASCII",
    theirs="attachment; filename*=utf-8''%C3%A4.txt",
    ours="attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%A4.txt",
)
def filenames(kit: Kit) -> Any:
    return kit.responses.FileResponse("file.txt", filename="ä.txt").headers["content-disposition"]


@claim(RESPONSES, "a `Range` in another unit than bytes", theirs=400, ours=200)
def other_unit(kit: Kit) -> Any:
    return of_file(kit, headers={"range": "lines=1-2"}).status_code


@claim(RESPONSES, "many ranges", theirs=(206, 200), ours=(206, 416))
def many_ranges(kit: Kit) -> Any:
    few = ",".join(f"{2 * n}-{2 * n}" for n in range(10))
    many = ",".join(["0-0"] * 101)
    return tuple(of_file(kit, headers={"range": f"bytes={each}"}).status_code for each in (few, many))


@claim(RESPONSES, "conditional requests for `FileResponse`", theirs=(200, 200), ours=(304, 412))
def conditional_requests(kit: Kit) -> Any:
    since = {"if-modified-since": "Tue, 14 Nov 2023 22:13:20 GMT"}
    return of_file(kit, headers=since).status_code, of_file(kit, headers={"if-match": '"other"'}).status_code


@claim(RESPONSES, "ETag of files", theirs=34, ours='"17979cfe362a0000-c8"')
def etag(kit: Kit) -> Any:
    found: str = of_file(kit).headers["etag"]
    return found if kit.is_ours else len(found)


@claim(RESPONSES, "server-sent events", theirs="AttributeError", ours=b"data: 1\n\n")
def server_sent_events(kit: Kit) -> Any:
    async def events() -> AsyncIterator[int]:
        yield 1

    source = kit.responses.EventSourceResponse
    return asked(kit.app(endpoint(kit, "/", lambda request: source(events()))), "/").body


@claim(RESPONSES, "a response that is kept, and returned for every request", theirs=["1", "1, 1"], ours=["1", "1"])
def shared_response(kit: Kit) -> Any:
    shared = kit.responses.Response()

    def adding(app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            async def add(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"].append((b"x-a", b"1"))
                await send(message)

            await app(scope, receive, add)

        return serve

    class Adds(Plugin):
        name = "adds"

        @hookimpl
        def response(self, response: Any) -> None:
            response.headers.append("x-a", "1")

    app = kit.app(endpoint(kit, "/", lambda request: shared))
    if kit.is_ours:
        app.add_plugin(Adds())
    else:
        app.add_middleware(adding)
    asking = kit.testclient.TestClient(app)
    return [asking.get("/").headers["x-a"] for _ in range(2)]

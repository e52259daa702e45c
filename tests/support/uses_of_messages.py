"""What Starlette documents of applications, requests and responses, done anew with the names of either framework.

Each function gives what came of it, as plain values, which must be the same under both.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from both_frameworks import Kit, client, endpoint, use

# Applications


@use
def state_of_the_application_and_of_its_lifespan(kit: Kit) -> Any:
    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
        app.state.name = "app"
        yield {"pool": "pool"}

    def respond(request: Any) -> Any:
        return [request.app.state.name, request.state.pool, request.app is request.scope["app"]]

    with client(kit, endpoint(kit, "/", respond), lifespan=lifespan) as asking:
        return asking.get("/").json()


@use
def exception_handlers_by_class_and_status(kit: Kit) -> Any:
    async def on_value(request: Any, exc: Exception) -> Any:
        return kit.responses.PlainTextResponse(f"value: {exc}", 418)

    def on_missing(request: Any, exc: Any) -> Any:
        return kit.responses.PlainTextResponse(f"{exc.status_code} {exc.detail}", exc.status_code)

    def fails(request: Any) -> Any:
        raise ValueError("x")

    def refuses(request: Any) -> Any:
        raise kit.exceptions.HTTPException(429, "slow down", headers={"Retry-After": "1"})

    asking = client(
        kit,
        endpoint(kit, "/value", fails),
        endpoint(kit, "/http", refuses),
        exception_handlers={ValueError: on_value, 404: on_missing},
    )
    answers = [asking.get(path) for path in ("/value", "/http", "/none")]
    return [(each.status_code, each.text, each.headers.get("retry-after")) for each in answers]


@use
def pure_asgi_middleware(kit: Kit) -> Any:
    class Adds:
        def __init__(self, app: Any, value: str) -> None:
            self.app, self.value = app, value

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def add(message: Any) -> None:
                if message["type"] == "http.response.start":
                    kit.datastructures.MutableHeaders(scope=message).append("x-added", self.value)
                await send(message)

            await self.app(scope, receive, add if scope["type"] == "http" else send)

    middleware = [kit.middleware.Middleware(Adds, value="outer"), kit.middleware.Middleware(Adds, "inner")]
    asking = client(kit, endpoint(kit, "/", lambda request: 1), middleware=middleware)
    return [asking.get("/").headers["x-added"] for _ in range(2)]


# Requests


@use
def what_a_request_shows(kit: Kit) -> Any:
    def respond(request: Any) -> Any:
        url, query = request.url, request.query_params
        return [
            request.method,
            [url.path, url.scheme, url.hostname, url.port, str(url)],
            [request.headers["X-A"], request.headers.get("none"), request.headers.getlist("x-a")],
            [query["a"], query.getlist("a"), query.multi_items(), str(query)],
            [request.path_params, request.cookies, list(request.client)],
        ]

    asking = client(kit, endpoint(kit, "/{name}/{n:int}", respond))
    return asking.get("/é/7?a=1&a=%20&b", headers={"x-a": "1", "cookie": "c=1; d=two"}).json()


@use
def bodies(kit: Kit) -> Any:
    async def respond(request: Any) -> Any:
        pieces = [piece async for piece in request.stream()] if "stream" in request.query_params else []
        whole = await request.body() if not pieces else b"".join(pieces)
        return [whole.decode(), await request.is_disconnected()]

    asking = client(kit, endpoint(kit, "/", respond, methods=["POST"]))
    return [asking.post(f"/{query}", content=b"abc").json()[0] for query in ("", "?stream")]


@use
def uploaded_files(kit: Kit) -> Any:
    async def respond(request: Any) -> Any:
        async with request.form(max_files=2, max_fields=2) as form:
            file = form["file"]
            first = await file.read(2)
            await file.seek(0)
            told = [file.filename, file.content_type, file.size, first.decode(), (await file.read()).decode()]
            return [told, form["text"], form.getlist("text"), isinstance(file, kit.datastructures.UploadFile)]

    asking = client(kit, endpoint(kit, "/", respond, methods=["POST"]))
    return asking.post("/", data={"text": "ä"}, files={"file": ("a.txt", b"content", "text/plain")}).json()


@use
def state_of_a_request(kit: Kit) -> Any:
    def respond(request: Any) -> Any:
        request.state.a = 1
        del request.state.a
        return [hasattr(request.state, "a"), "type" in request, request["type"], len(dict(request)) > 3]

    return client(kit, endpoint(kit, "/", respond)).get("/").json()


# Responses


@use
def kinds_of_responses(kit: Kit) -> Any:
    made = kit.responses
    kinds = [
        made.Response("text", media_type="text/plain"),
        made.Response(b"\x00", 201, {"X-A": "1"}, "application/x-thing"),
        made.HTMLResponse("<p>ä</p>"),
        made.PlainTextResponse("ä"),
        made.JSONResponse({"a": [1, None, "ä"]}),
        made.RedirectResponse("/a b?q=ä#f"),
        made.RedirectResponse("https://example.org/", 303),
        made.Response(None, 204),
    ]
    return [(each.status_code, each.body, sorted(each.headers.items())) for each in kinds]


@use
def cookies_that_are_set(kit: Kit) -> Any:
    response = kit.responses.Response()
    response.set_cookie("a", "1", 3600, path="/x", domain="example.org", secure=True, httponly=True, samesite="strict")
    response.set_cookie("b", 'with "quotes", and; more', samesite=None)
    response.set_cookie("c", "1", secure=True, samesite="none")
    response.delete_cookie("d", path="/x", secure=True)
    texts = [value.decode() for name, value in response.raw_headers if name == b"set-cookie"]
    # The date of a deleted cookie is now, or long gone; attributes have no order.
    return [sorted(part for part in text.split("; ") if not part.startswith("expires=")) for text in texts]


@use
def streams(kit: Kit) -> Any:
    async def numbers() -> AsyncIterator[str]:
        for number in range(3):
            yield str(number)

    def letters() -> Iterator[bytes]:
        yield from (b"a", b"b")

    def respond(request: Any) -> Any:
        content = numbers() if request.url.path == "/async" else letters()
        return kit.responses.StreamingResponse(content, 202, {"X-A": "1"}, "text/plain")

    asking = client(kit, endpoint(kit, "/async", respond), endpoint(kit, "/sync", respond))
    answers = [asking.get(path) for path in ("/async", "/sync")]
    return [(each.status_code, each.text, each.headers["content-type"], each.headers["x-a"]) for each in answers]


@use
def files(kit: Kit) -> Any:
    with TemporaryDirectory() as folder:
        path = Path(folder, "file.txt")
        path.write_bytes(b"0123456789")

        def respond(request: Any) -> Any:
            return kit.responses.FileResponse(path, filename="b.txt", headers={"x-a": "1"})

        asking = client(kit, endpoint(kit, "/", respond))
        whole, head, part = asking.get("/"), asking.head("/"), asking.get("/", headers={"range": "bytes=-3"})
        names = ("content-type", "content-length", "content-disposition", "accept-ranges", "x-a")
        return [
            [(each.status_code, each.content, [each.headers.get(name) for name in names]) for each in (whole, head)],
            (part.status_code, part.content, part.headers["content-range"]),
            asking.get("/", headers={"range": "bytes=20-"}).status_code,
        ]


@use
def background_tasks(kit: Kit) -> Any:
    ran: list[Any] = []

    async def later(name: str, *, times: int) -> None:
        ran.append([name] * times)

    def respond(request: Any) -> Any:
        tasks = kit.background.BackgroundTasks([kit.background.BackgroundTask(ran.append, "thread")])
        tasks.add_task(later, "loop", times=2)
        return kit.responses.PlainTextResponse("x", background=tasks)

    client(kit, endpoint(kit, "/", respond)).get("/")
    return ran

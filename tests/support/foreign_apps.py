"""The same small application in five other frameworks, to be wrapped and mounted.

Each answers /plain (text), /json, /echo (POST: the body), /stream (three pieces), /fail (an unhandled error),
/background (a task that leaves a mark) and /where (root path and path), runs a lifespan that leaves marks, and serves a
WebSocket echo at /ws, as far as the framework has these.
"""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

Marks = list[str]


def starlette_app(marks: Marks) -> Any:
    from starlette.applications import Starlette
    from starlette.background import BackgroundTask
    from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
    from starlette.routing import Route, WebSocketRoute

    async def plain(request: Any) -> Any:
        return PlainTextResponse("plain")

    async def json(request: Any) -> Any:
        return JSONResponse({"a": [1, 2]})

    async def echo(request: Any) -> Any:
        return PlainTextResponse(await request.body())

    async def stream(request: Any) -> Any:
        return StreamingResponse(pieces(), media_type="text/plain")

    async def fail(request: Any) -> Any:
        raise LookupError("starlette failed")

    async def background(request: Any) -> Any:
        return PlainTextResponse("later", background=BackgroundTask(marks.append, "background"))

    async def where(request: Any) -> Any:
        return PlainTextResponse(f"{request.scope['root_path']} {request.url.path}")

    async def ws(websocket: Any) -> None:
        await websocket.accept()
        await websocket.send_text("echo " + await websocket.receive_text())
        await websocket.close(4000)

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        marks.append("started")
        yield
        marks.append("stopped")

    return Starlette(
        routes=[
            Route("/plain", plain),
            Route("/json", json),
            Route("/echo", echo, methods=["POST"]),
            Route("/stream", stream),
            Route("/fail", fail),
            Route("/background", background),
            Route("/where", where),
            WebSocketRoute("/ws", ws),
        ],
        lifespan=lifespan,
    )


def fastapi_app(marks: Marks) -> Any:
    from fastapi import BackgroundTasks, FastAPI, Request, WebSocket
    from fastapi.responses import PlainTextResponse, StreamingResponse

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        marks.append("started")
        yield
        marks.append("stopped")

    app = FastAPI(lifespan=lifespan)

    @app.get("/plain", response_class=PlainTextResponse)
    async def plain() -> str:
        return "plain"

    @app.get("/json")
    async def json() -> Any:
        return {"a": [1, 2]}

    @app.post("/echo", response_class=PlainTextResponse)
    async def echo(request: Request) -> Any:
        return PlainTextResponse(await request.body())

    @app.get("/stream")
    async def stream() -> Any:
        return StreamingResponse(pieces(), media_type="text/plain")

    @app.get("/fail")
    async def fail() -> Any:
        raise LookupError("fastapi failed")

    @app.get("/background", response_class=PlainTextResponse)
    async def background(tasks: BackgroundTasks) -> str:
        tasks.add_task(marks.append, "background")
        return "later"

    @app.get("/where", response_class=PlainTextResponse)
    async def where(request: Request) -> str:
        return f"{request.scope['root_path']} {request.url.path}"

    @app.websocket("/ws")
    async def ws(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("echo " + await websocket.receive_text())
        await websocket.close(4000)

    return app


def litestar_app(marks: Marks) -> Any:
    from litestar import Litestar, MediaType, Request, WebSocket, get, post, websocket
    from litestar.background_tasks import BackgroundTask
    from litestar.response import Response, Stream

    @get("/plain", media_type=MediaType.TEXT)
    async def plain() -> str:
        return "plain"

    @get("/json")
    async def json() -> dict[str, list[int]]:
        return {"a": [1, 2]}

    @post("/echo", media_type=MediaType.TEXT, status_code=200)
    async def echo(request: Request[Any, Any, Any]) -> bytes:
        return await request.body()

    @get("/stream", media_type=MediaType.TEXT)
    async def stream() -> Stream:
        return Stream(pieces())

    @get("/fail")
    async def fail() -> None:
        raise LookupError("litestar failed")

    @get("/background", media_type=MediaType.TEXT)
    async def background() -> Response[str]:
        return Response("later", background=BackgroundTask(marks.append, "background"))

    @get("/where", media_type=MediaType.TEXT)
    async def where(request: Request[Any, Any, Any]) -> str:
        return f"{request.scope['root_path']} {request.url.path}"

    @websocket("/ws")
    async def ws(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        await socket.send_text("echo " + await socket.receive_text())
        await socket.close(4000)

    # Litestar resolves annotations in the module's namespace.
    for function in (echo, stream, background, where, ws):
        function.fn.__globals__.update(Request=Request, Stream=Stream, Response=Response, WebSocket=WebSocket)

    async def started() -> None:
        marks.append("started")

    async def stopped() -> None:
        marks.append("stopped")

    handlers = [plain, json, echo, stream, fail, background, where, ws]
    return Litestar(handlers, on_startup=[started], on_shutdown=[stopped], openapi_config=None, logging_config=None)


def quart_app(marks: Marks) -> Any:
    from quart import Quart, request, websocket

    app = Quart("foreign")

    @app.before_serving
    async def started() -> None:
        marks.append("started")

    @app.after_serving
    async def stopped() -> None:
        marks.append("stopped")

    @app.get("/plain")
    async def plain() -> Any:
        return "plain", {"content-type": "text/plain"}

    @app.get("/json")
    async def json() -> Any:
        return {"a": [1, 2]}

    @app.post("/echo")
    async def echo() -> Any:
        return await request.get_data(), {"content-type": "text/plain"}

    @app.get("/stream")
    async def stream() -> Any:
        return pieces(), {"content-type": "text/plain"}

    @app.get("/fail")
    async def fail() -> Any:
        raise LookupError("quart failed")

    @app.get("/background")
    async def background() -> Any:
        async def mark() -> None:
            marks.append("background")

        app.add_background_task(mark)
        return "later", {"content-type": "text/plain"}

    @app.get("/where")
    async def where() -> Any:
        return f"{request.root_path} {request.root_path}{request.path}", {"content-type": "text/plain"}

    @app.websocket("/ws")
    async def ws() -> None:
        await websocket.accept()
        await websocket.send(f"echo {await websocket.receive()!s}")
        await websocket.close(4000)

    return app


def django_app(marks: Marks) -> Any:
    import django
    from django.conf import settings
    from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
    from django.urls import path

    def fail(request: Any) -> Any:
        raise LookupError("django failed")

    def where(request: Any) -> Any:
        return HttpResponse(f"{request.scope['root_path']} {request.path}".encode(), content_type="text/plain")

    urls = ModuleType("foreign_urls")
    urls.urlpatterns = [  # type: ignore[attr-defined]
        path("plain", lambda request: HttpResponse(b"plain", content_type="text/plain")),
        path("json", lambda request: JsonResponse({"a": [1, 2]})),
        path("echo", lambda request: HttpResponse(request.body, content_type="text/plain")),
        path("stream", lambda request: StreamingHttpResponse(pieces(), content_type="text/plain")),
        path("fail", fail),
        path("where", where),
    ]
    sys.modules["foreign_urls"] = urls
    if not settings.configured:
        settings.configure(ROOT_URLCONF="foreign_urls", ALLOWED_HOSTS=["*"], SECRET_KEY="for tests", DEBUG=False)
        django.setup()
    from django.core.asgi import get_asgi_application

    return get_asgi_application()


async def pieces() -> AsyncIterator[bytes]:
    for piece in (b"one ", b"two ", b"three"):
        yield piece


APPS: dict[str, Callable[[Marks], Any]] = {
    "starlette": starlette_app,
    "fastapi": fastapi_app,
    "litestar": litestar_app,
    "quart": quart_app,
    "django": django_app,
}

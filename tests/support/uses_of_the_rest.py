"""What Starlette documents of routes, WebSockets, files and values, done anew with the names of either framework.

Each function gives what came of it, as plain values, which must be the same under both.
"""

from __future__ import annotations

import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
from both_frameworks import Kit, client, endpoint, use

# Routing


@use
def urls_are_built(kit: Kit) -> Any:
    routing = kit.routing

    def respond(request: Any) -> Any:
        return [
            str(request.url_for("user", name="a-b")),
            str(request.url_for("admin:page", n=3)),
            str(request.app.url_path_for("static", path="/x/y.css")),
            request.scope["root_path"],
        ]

    inner = routing.Mount("/admin", routes=[endpoint(kit, "/{n:int}", respond, name="page")], name="admin")
    static = routing.Mount("/static", app=lambda scope, receive, send: None, name="static")
    asking = client(kit, endpoint(kit, "/users/{name}", respond, name="user"), inner, static)
    return [asking.get("/users/x").json(), asking.get("/admin/1").json()]


@use
def convertors(kit: Kit) -> Any:
    def respond(request: Any) -> Any:
        return [repr(value) for value in request.path_params.values()]

    paths = ("/s/{a}", "/i/{a:int}", "/f/{a:float}", "/u/{a:uuid}", "/p/{a:path}")
    asking = client(kit, *(endpoint(kit, path, respond) for path in paths))
    asked = ("/s/x%20y", "/i/7", "/i/x", "/f/1.5", "/u/9e6ce7be-7f5e-4f4b-9c8f-0f0f0f0f0f0f", "/p/a/b/c", "/p/")
    return [(answer.status_code, answer.text) for answer in map(asking.get, asked)]


@use
def classes_of_endpoints(kit: Kit) -> Any:
    class Things(kit.endpoints.HTTPEndpoint):  # type: ignore[misc, name-defined]
        async def get(self, request: Any) -> Any:
            return kit.responses.PlainTextResponse("get")

        def post(self, request: Any) -> Any:
            return kit.responses.PlainTextResponse("post")

    asking = client(kit, kit.routing.Route("/", Things))
    answers = [asking.request(method, "/") for method in ("GET", "HEAD", "POST", "DELETE")]
    return [(each.status_code, each.text) for each in answers]


# WebSockets


@use
def a_conversation(kit: Kit) -> Any:
    async def serve(websocket: Any) -> None:
        await websocket.accept(websocket.scope["subprotocols"][0], [(b"x-a", b"1")])
        await websocket.send_text(await websocket.receive_text())
        await websocket.send_bytes(await websocket.receive_bytes())
        await websocket.send_json(await websocket.receive_json())
        await websocket.send_json([str(websocket.url), websocket.query_params["a"], websocket.headers["host"]])
        async for text in websocket.iter_text():
            await websocket.send_text(text.upper())

    asking = client(kit, kit.routing.WebSocketRoute("/ws", serve))
    with asking.websocket_connect("/ws?a=1", subprotocols=["chat", "other"]) as session:
        session.send_text("ä")
        session.send_bytes(b"\x00")
        session.send_json({"a": 1})
        heard = [session.receive_text(), session.receive_bytes(), session.receive_json(), session.receive_json()]
        session.send_text("more")
        return [session.accepted_subprotocol, *heard, session.receive_text()]


@use
def closes_and_refusals(kit: Kit) -> Any:
    async def closes(websocket: Any) -> None:
        await websocket.accept()
        await websocket.close(3000, "enough")

    async def raises(websocket: Any) -> None:
        raise kit.exceptions.WebSocketException(1008, "no")

    async def refuses(websocket: Any) -> None:
        await websocket.send_denial_response(kit.responses.PlainTextResponse("no", 401))

    told: list[Any] = []
    for serve in (closes, raises, refuses):
        try:
            with client(kit, kit.routing.WebSocketRoute("/", serve)).websocket_connect("/") as session:
                session.receive_text()
        except kit.testclient.WebSocketDenialResponse as response:
            told.append((response.status_code, response.text, isinstance(response, kit.websockets.WebSocketDisconnect)))
        except kit.websockets.WebSocketDisconnect as error:
            told.append((error.code, error.reason))
    return told


@use
def classes_of_websockets(kit: Kit) -> Any:
    class Echo(kit.endpoints.WebSocketEndpoint):  # type: ignore[misc, name-defined]
        encoding = "json"

        async def on_receive(self, websocket: Any, data: Any) -> None:
            await websocket.send_json({"got": data})

    with client(kit, kit.routing.WebSocketRoute("/", Echo)).websocket_connect("/") as session:
        session.send_json([1])
        return session.receive_json()


# Static files, templates, configuration, threads, values


@use
def folders_of_files(kit: Kit) -> Any:
    with TemporaryDirectory() as folder:
        Path(folder, "sub").mkdir()
        Path(folder, "sub", "index.html").write_text("index")
        Path(folder, "404.html").write_text("nothing")
        Path(folder, "a.css").write_text("a{}")
        asking = client(kit, kit.routing.Mount("/s", app=kit.staticfiles.StaticFiles(directory=folder, html=True)))
        answers = [asking.get(f"/s/{path}") for path in ("a.css", "sub/", "none", "../secret", "sub")]
        again = asking.get("/s/a.css", headers={"if-none-match": answers[0].headers["etag"]})
        return [[(each.status_code, each.text) for each in answers], (again.status_code, again.content)]


@use
def templates(kit: Kit) -> Any:
    with TemporaryDirectory() as folder:
        Path(folder, "page.html").write_text("{{ value|twice }} {{ from }} {{ url_for('page') }} {{ request.method }}")
        pages = kit.templating.Jinja2Templates(
            directory=folder, context_processors=[lambda request: {"from": request.url.path}]
        )
        pages.env.filters["twice"] = lambda text: text * 2

        def respond(request: Any) -> Any:
            return pages.TemplateResponse(request, "page.html", {"value": "<"}, status_code=201, headers={"X-A": "1"})

        answer = client(kit, endpoint(kit, "/p", respond, name="page")).get("/p")
        return [answer.status_code, answer.text, answer.headers["x-a"], answer.headers["content-type"]]


@use
def configuration(kit: Kit) -> Any:
    made = kit.config
    with TemporaryDirectory() as folder:
        file = Path(folder, ".env")
        file.write_text("# comment\nDEBUG=true\nHOSTS=a, b\nTOKEN='s3cret'\nPORT=1\n")
        config = made.Config(file, environ={"APP_PORT": "8000", "DEBUG": "false"}, env_prefix="")
        values = kit.datastructures
        return [
            config("DEBUG", cast=bool),
            list(config("HOSTS", cast=values.CommaSeparatedStrings)),
            str(config("TOKEN", cast=values.Secret)),
            config("PORT", cast=int, default=2),
            config("NONE", default=None),
            made.Config(environ={"APP_PORT": "8000"}, env_prefix="APP_")("PORT", cast=int),
        ]


@use
def threads(kit: Kit) -> Any:
    async def run() -> Any:
        other = await kit.concurrency.run_in_threadpool(threading.get_ident)
        steps = [step async for step in kit.concurrency.iterate_in_threadpool(iter("ab"))]
        return [other != threading.get_ident(), steps]

    return anyio.run(run)


@use
def values(kit: Kit) -> Any:
    made = kit.datastructures
    url = made.URL("https://user:pass@example.org:123/path?a=1#frag")
    fields = made.MultiDict([("a", "1"), ("a", "2"), ("b", "3")])
    popped = fields.poplist("a")
    fields.setlist("c", ["4", "5"])
    headers = made.MutableHeaders({"A": "1"})
    headers.setdefault("b", "2")
    headers.update({"a": "3"})
    headers.add_vary_header("Accept-Encoding")
    return [
        [str(url.replace(port=8000, path="/x")), str(url.include_query_params(b=2)), str(url.remove_query_params("a"))],
        [url.username, url.password, url.fragment, url.netloc, url.is_secure, repr(url)],
        [popped, fields.multi_items(), fields["c"], fields.getlist("c"), fields.pop("c"), len(fields)],
        [headers.items(), "A" in headers, headers == made.Headers(headers.mutablecopy().items() and dict(headers))],
        [str(made.QueryParams([("a", "ä"), ("b", "c d")])), made.QueryParams("a=1&a=2").getlist("a")],
        str(made.URLPath("/p", "http", "example.org").make_absolute_url("http://base/root/")),
        [repr(made.Secret("x")), str(made.Secret("x")), list(made.CommaSeparatedStrings("a, 'b, c'"))],
        list(made.Address("127.0.0.1", 1)),
    ]

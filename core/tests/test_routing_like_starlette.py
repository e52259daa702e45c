"""One application written for Starlette and for Pegboard, asked the same requests: the same answers, but for a list.

Every request is put to both. Starlette's answer, read as `translated` says, is what Pegboard must answer. `DIFFERENCES`
are the requests that Pegboard answers otherwise on purpose, each with the reason. `FAULTS` are those where Starlette is
right and Pegboard is not: they fail strictly, so that an entry goes when its fault is mended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
import starlette.applications
import starlette.endpoints
import starlette.exceptions
import starlette.responses
import starlette.routing
from board_harness import Answer, ask

import pegboard.endpoints
import pegboard.exceptions
import pegboard.responses
import pegboard.routing
from pegboard import Pegboard

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Kit:
    """The names that an application needs, from one of the two frameworks."""

    app: Callable[..., Any]
    routing: Any
    responses: Any
    endpoints: Any
    exceptions: Any


STARLETTE = Kit(
    starlette.applications.Starlette,
    starlette.routing,
    starlette.responses,
    starlette.endpoints,
    starlette.exceptions,
)
PEGBOARD = Kit(
    lambda **options: Pegboard(plugins=[], **options),
    pegboard.routing,
    pegboard.responses,
    pegboard.endpoints,
    pegboard.exceptions,
)


async def foreign(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that tells its place."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": repr((scope["root_path"], scope["path"]))})
        await send({"type": "websocket.close", "code": 1000})
        return
    body = repr((scope["root_path"], scope["path"], scope["path_params"])).encode("utf-8", "backslashreplace")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def converse(websocket: Any) -> None:
    """A WebSocket endpoint that tells its place."""
    await websocket.accept()
    await websocket.send_text(repr((websocket.path_params, websocket.scope["root_path"], websocket.scope["path"])))
    await websocket.close()


async def say_nothing(websocket: Any) -> None: ...


def outside(app: Any) -> Any:
    """Any ASGI application around another."""

    async def call(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    return call


@cache
def application(kit: Kit) -> Any:
    """The application, in the words of one framework."""
    route, socket, mount = kit.routing.Route, kit.routing.WebSocketRoute, kit.routing.Mount
    host, router, text = kit.routing.Host, kit.routing.Router, kit.responses.PlainTextResponse

    async def tell(request: Any) -> Any:
        scope = request.scope
        assert scope["endpoint"] is tell
        return text(
            repr((scope["route"].name, request.path_params, scope["root_path"], scope["path"], str(request.base_url)))
        )

    async def urls(request: Any) -> Any:
        found = [
            request.url_for("plain"),
            request.url_for("api:thing", name="x"),
            request.url_for("api:deep:number", tenant="acme", n=3),
            request.url_for("foreign", path="a/b"),
            request.url_for("host:own"),
            request.url_for("socket", room="lobby"),
        ]
        return text(" ".join(map(str, found)))

    def in_a_thread(request: Any) -> Any:
        return text(request.method)

    async def teapot(request: Any) -> None:
        raise kit.exceptions.HTTPException(418, "short and stout")

    async def handle(request: Any, exc: Exception) -> Any:
        return text("handled inside", 418)

    async def refuse(websocket: Any) -> None:
        raise kit.exceptions.HTTPException(403)

    class Resource(kit.endpoints.HTTPEndpoint):  # type: ignore[name-defined,misc]
        async def get(self, request: Any) -> Any:
            return text("got")

        def post(self, request: Any) -> Any:
            return text("posted")

    class Dispatching(kit.endpoints.HTTPEndpoint):  # type: ignore[name-defined,misc]
        async def get(self, request: Any) -> Any:
            return text("got")

        async def dispatch(self) -> None:
            await text("dispatched")(self.scope, self.receive, self.send)

    def named(path: str, name: str, endpoint: Any = tell, **options: Any) -> Any:
        return route(path, endpoint, name=name, **options)

    deep = [named("/", "deep-index"), named("/{n:int}", "number")]
    api = [
        named("/", "index"),
        named("/things/{name}", "thing"),
        named("/post", "post", methods=["POST"]),
        named("/slashed/", "api-slashed"),
        named("/urls", "api-urls", urls),
        socket("/socket", converse),
        mount("/{tenant}/deep", name="deep", routes=deep),
        mount("/bare/inside", routes=[named("/x", "bare-x")]),
    ]
    of_host = [
        named("/own", "own"),
        named("/urls", "own-urls", urls),
        host("other.example.org", app=router([named("/other", "other")])),
    ]
    return kit.app(
        routes=[
            named("/", "home"),
            named("/plain", "plain"),
            named("/slashed/", "slashed"),
            named("/int/{n:int}", "int"),
            named("/float/{x:float}", "float"),
            named("/uuid/{u:uuid}", "uuid"),
            named("/str/{s}", "str"),
            named("/file/{p:path}", "file"),
            named("/edit/{p:path}/edit", "edit"),
            named("/dots/{a}.{b}", "dots"),
            named("/many", "many-get"),
            named("/many", "many-post", methods=["POST"]),
            named("/many", "many-rest", methods=["put", "DELETE"]),
            named("/resource", "resource", Resource),
            named("/dispatch", "dispatch", Dispatching),
            named("/thread", "thread", in_a_thread),
            named("/teapot", "teapot", teapot),
            named("/urls", "urls", urls),
            named("/early/{x}", "early-any"),
            named("/early/me", "early-me"),
            named("/late/me", "late-me"),
            named("/late/{x}", "late-any"),
            named("/method/{x}", "method-post", methods=["POST"]),
            named("/method/me", "method-get"),
            named("/both", "both"),
            socket("/both", converse),
            socket("/sockets/{room}", converse, name="socket"),
            socket("/silent", say_nothing),
            socket("/refuse", refuse),
            mount("/api", name="api", routes=api),
            named("/api/after", "behind-the-mount"),
            mount("/foreign", app=foreign, name="foreign"),
            mount("/t/{tenant}", app=foreign, name="tenant"),
            mount("/hosts", routes=[host("in.example.org", app=router([named("/own", "own-of-in")]))]),
            mount("/outside/{tenant}", app=outside(kit.app(routes=[named("/{n:int}", "outside-n")]))),
            mount("/router", app=router([named("/x", "router-x"), named("/slashed/", "router-slashed")])),
            mount(
                "/board",
                app=kit.app(
                    routes=[named("/plain", "board-plain"), named("/teapot", "board-teapot", teapot)],
                    exception_handlers={418: handle},
                ),
            ),
            host("api.example.org", app=router(of_host), name="host"),
            host("{sub}.example.net", app=router([named("/own", "own-of-sub")])),
            named("/behind", "behind-the-hosts"),
        ]
    )


class Asked(NamedTuple):
    """One request."""

    path: str
    method: str = "GET"
    host: str = "testserver"
    root_path: str = ""
    query: bytes = b""
    raw_path: bytes | None = None


class Seen(NamedTuple):
    """One answer; ``location`` is where it leads, without scheme and host, ``allow`` is sorted."""

    status: int
    body: bytes
    location: str | None = None
    allow: tuple[str, ...] = ()
    media_type: str | None = "text/plain; charset=utf-8"


UUID = "12345678-1234-5678-1234-56781234abcd"
UNDER = {
    "/int/": ["0", "01", "9" * 20, "9" * 4300, "9" * 4301, "-1", "+1", "1.0", "1e5", "1_000", " 1", "1 ", "0x1", "",
              "1/", "1\n", "nan", "\u0661\u0662", "\uff11", "\u00b2"],
    "/float/": ["0", "1", "1.50", "1.", "1.5.2", ".5", "1e5", "nan", "inf", "-1.5", "1_0.5", "1.5/", "1.5\n",
                "\u0661.\u0665", "1" + "0" * 400],
    "/uuid/": [UUID, UUID.upper(), UUID.replace("-", ""), f"{{{UUID}}}", f"urn:uuid:{UUID}", UUID[:-1], f"{UUID}0",
               f"{UUID}/", f"{UUID}\n"],
    "/str/": ["x", "x/", "", "/", "x y", "a.b", "..", ".", "a%2Fb", "\u00e9", "\0", "\n", "x\n", "a;b", "a\\b",
              "x" * 70_000, "\U0001f600", "\u202e"],
    "/file": ["", "/", "/a", "/a/b/", "//", "///x", "/../x", "/a\nb", "/\n"],
    "/edit": ["/a/edit", "/a/b/edit", "//edit", "/edit", "/a/edit/edit", "/a/edit/", "/a\n/edit"],
    "/dots/": ["a.b", "a.b.c", ".b", "a.", "a", "a.b/c"],
    "/early/": ["me", "x"], "/late/": ["me", "x"], "/method/": ["me", "x"],
    "/api": ["", "/", "//", "s", "/things/x", "/things/x/", "/things", "/things/", "/post", "/post/", "/slashed",
             "/slashed/", "/after", "/none", "/urls", "/acme/deep", "/acme/deep/", "/acme/deep/3", "/acme/deep/3/",
             "/acme/deep/x", "/acme", "/\u00e9/deep/3", "//deep/3", "/bare/inside", "/bare/inside/x"],
    "/foreign": ["", "/", "/a/b", "//a", "/a%2Fb", "/\u00e9", "/..", "/\0"],
    "/t": ["", "/", "/acme", "/acme/", "/acme/x", "//x"],
    "/router": ["", "/", "/x", "/x/", "/slashed", "/none"],
    "/board": ["", "/", "/plain", "/plain/", "/teapot", "/none"],
    "": ["", "/", "//", "///", "*", "/plain", "/plain/", "/plain//", "//plain", "/./plain", "/plain/..", "/Plain",
         "/plain\n", "/plain\r\n", "/plain\0", "/plain;x=1", "/plain%2F", "/plain%00", "/plain\\", "\\plain", "plain",
         "/slashed", "/slashed/", "/slashed//", "/none", "/none/", "/\u00e9", "/" + "a/" * 2000, "//evil.example",
         "//evil.example/", "//evil.example/..", "/\\evil.example", "/\\evil.example/", "/both", "/silent",
         "/sockets/lobby", "/thread", "/teapot", "/resource", "/dispatch", "/urls", "/own", "/behind",
         "/outside/acme/3", "/hosts/own"],
}  # fmt: skip
METHODS = ["HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "BREW", "get", "", "G" * 1000, "__class__"]
METHOD_PATHS = ["/plain", "/many", "/resource", "/method/me", "/api/post", "/api", "/foreign/x", "/slashed", "/none"]
HOSTS = ["api.example.org", "API.Example.ORG:8000", "api.example.org:", "api.example.org:99999", "api.example.org.",
         "user@api.example.org", "a.example.net", "A.b.Example.net:1", ".example.net", "example.net", "[::1]:80",
         "[fe80::1%25eth0]", "[::1", "api.example.org/x", "api.example.org, x", "x\\api.example.org", "",
         "\u00e9.example.net", "a%2eb.example.net"]  # fmt: skip
HOST_PATHS = ["/own", "/behind", "/plain", "/slashed", "/urls", "/foreign/x"]
PROXIES = ["/proxy", "/proxy/", "/\u00e9"]
PROXIED = ["/plain", "", "/", "/slashed", "/api/things/x", "/api", "/urls", "/foreign/a", "x"]

REQUESTS = [
    *(Asked(prefix + rest) for prefix, rests in UNDER.items() for rest in rests),
    *(Asked(path, method) for path in METHOD_PATHS for method in METHODS),
    *(Asked(path, host=host) for path in HOST_PATHS for host in HOSTS),
    *(Asked(root + path, root_path=root) for path in PROXIED for root in PROXIES),
    *(Asked("/slashed", query=query) for query in [b"a=1", b"a=%2F&a=", b"//x", b"?", b"a=\xc3\xa9", b"a=\xff"]),
    Asked("/api/slashed", raw_path=b"/api/sl%61shed"),
    Asked("/api/slashed", raw_path=b"/api%2Fslashed"),
    *(Asked(path, host="in.example.org") for path in ("/hosts/own", "/hosts/none", "/plain", "/behind")),
    *(Asked("/other", host=host) for host in ("api.example.org", "other.example.org")),
]

NOT_FOUND = Seen(404, b"Not Found")


def told(name: str, params: dict[str, Any], path: str, root: str = "", base: str = "http://testserver/") -> Seen:
    return Seen(200, repr((name, params, root, path, base)).encode())


def refused(*allow: str) -> Seen:
    return Seen(405, b"Method Not Allowed", None, tuple(sorted(allow)))


def led_to(location: str) -> Seen:
    return Seen(307, b"", location, (), None)


MANY = ("DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT")
BOTH = ("GET", "HEAD", "OPTIONS", "POST")
PLAIN_405 = [method for method in METHODS if method not in ("HEAD", "OPTIONS")]
DIFFERENCES: dict[Asked, Seen] = {
    # A line feed at the end is a part of the path, and the `path` convertor takes every character.
    **{Asked(path): NOT_FOUND for path in ("/plain\n", "/int/1\n", "/float/1.5\n", f"/uuid/{UUID}\n")},
    Asked("/file/a\nb"): told("file", {"p": "a\nb"}, "/file/a\nb"),
    Asked("/file/\n"): told("file", {"p": "\n"}, "/file/\n"),
    Asked("/edit/a\n/edit"): told("edit", {"p": "a\n"}, "/edit/a\n/edit"),
    # A number that Python cannot hold is no match; Starlette fails with 500, or gives infinity.
    Asked("/int/" + "9" * 4301): NOT_FOUND,
    Asked("/float/1" + "0" * 400): NOT_FOUND,
    # One slash is added or taken away, never several.
    Asked("//"): led_to("/"),
    Asked("/slashed//"): led_to("/slashed/"),
    Asked("/api//"): led_to("/api/"),
    Asked("/plain//"): NOT_FOUND,
    # Allow is joined over all routes of the path (RFC 9110 section 10.2.1).
    **{Asked("/many", method): refused(*MANY) for method in PLAIN_405 if method not in MANY},
    **{Asked("/method/me", method): refused(*BOTH) for method in PLAIN_405 if method not in BOTH},
    Asked("/many", "OPTIONS"): Seen(204, b"", None, MANY, None),
    Asked("/method/me", "OPTIONS"): Seen(204, b"", None, BOTH, None),
    # Routes before a host answer its requests too, and so do their redirects.
    **{
        Asked("/slashed", host=host): led_to("/slashed/")
        for host in ("api.example.org", "API.Example.ORG:8000", "a.example.net", "A.b.Example.net:1")
    },
    # What is no host and port (RFC 9110 section 7.2) names no host.
    **{
        Asked(path, host=host): answer
        for host in ("api.example.org:99999", "a%2eb.example.net")
        for path, answer in [
            ("/own", NOT_FOUND),
            ("/behind", told("behind-the-hosts", {}, "/behind")),
            ("/slashed", led_to("/slashed/")),
        ]
    },
    Asked("/plain", host="a%2eb.example.net"): told("plain", {}, "/plain"),
    Asked("/urls", host="a%2eb.example.net"): Seen(
        200,
        b"http://testserver/plain http://testserver/api/things/x http://testserver/api/acme/deep/3 "
        b"http://testserver/foreign/a/b http://api.example.org/own ws://testserver/sockets/lobby",
    ),
    # A query is kept byte by byte; Starlette fails with 500 when it is no UTF-8.
    Asked("/slashed", query=b"a=\xff"): led_to("/slashed/?a=%FF"),
    # What a server calls its root is served, with or without a slash.
    Asked("/proxy", root_path="/proxy"): told("home", {}, "/proxy", "/proxy", "http://testserver/proxy/"),
    Asked("/proxy/", root_path="/proxy/"): told("home", {}, "/proxy/", "/proxy/", "http://testserver/proxy/"),
    Asked("/\u00e9", root_path="/\u00e9"): told("home", {}, "/\u00e9", "/\u00e9", "http://testserver/\u00e9/"),
}

FAULTS: dict[Asked, str] = {}


def raw_path_of(asked: Asked) -> bytes:
    return asked.path.encode() if asked.raw_path is None else asked.raw_path


async def seen(app: Any, asked: Asked) -> Seen:
    """The answer of an application; what it raises is a status of its own."""
    answer: Answer = await ask(
        app,
        "/",
        asked.method,
        {"host": asked.host},
        path=asked.path,
        raw_path=raw_path_of(asked),
        root_path=asked.root_path,
        query_string=asked.query,
    )
    location, allow = answer.header("location"), answer.header("allow")
    return Seen(
        answer.status,
        answer.body,
        None if location is None else target(raw_path_of(asked).decode(), location),
        tuple(sorted(allow.split(", "))) if allow else (),
        answer.header("content-type"),
    )


def target(path: str, location: str) -> str:
    """The decoded path and the query that ``location`` leads to, from ``path`` (RFC 3986 section 5.2)."""
    parts = urlsplit(location)
    if not parts.netloc:
        first, *rest = parts.path.split("/")
        assert first in (".", ".."), "a redirect is relative: no Host header and no path decides where it leads"
        before = (path or "/").split("/")[: -1 if first == "." else -2]
        parts = parts._replace(path="/".join([*before, *rest]))
    return unquote(parts.path) + (f"?{parts.query}" if parts.query else "")


def translated(asked: Asked, answer: Seen) -> Seen:
    """What Starlette answers, with the differences that hold for every route."""
    if answer.allow:
        # OPTIONS is answered for every path that has a route (RFC 9110 section 9.3.7).
        answer = answer._replace(allow=tuple(sorted({*answer.allow, "OPTIONS"})))
        if asked.method == "OPTIONS":
            answer = answer._replace(status=204, body=b"", media_type=None)
    # The body of an answer to HEAD is left out here, and not by the server alone.
    return answer._replace(body=b"") if asked.method == "HEAD" else answer


def cases() -> list[Any]:
    return [
        pytest.param(asked, marks=pytest.mark.xfail(reason=FAULTS[asked], strict=True) if asked in FAULTS else ())
        for asked in dict.fromkeys(REQUESTS)
    ]


@pytest.mark.parametrize("asked", cases(), ids=lambda asked: ascii(tuple(asked))[:80])
async def test_an_answer_is_starlettes_or_better_on_purpose(asked: Asked) -> None:
    expected = translated(asked, await seen(application(STARLETTE), asked))
    if asked in DIFFERENCES:
        assert expected != DIFFERENCES[asked], "this is no difference: take it off the list"
        expected = DIFFERENCES[asked]
    assert await seen(application(PEGBOARD), asked) == expected


def test_every_difference_is_asked_for() -> None:
    assert {*DIFFERENCES, *FAULTS} <= set(REQUESTS)


NAMES: list[tuple[str, dict[str, Any]]] = [
    ("home", {}), ("home", {"x": 1}), ("int", {"n": 3}), ("int", {}), ("str", {"s": "x"}), ("file", {"p": "a/b"}),
    ("float", {"x": 1.5}), ("uuid", {"u": UUID}), ("dots", {"a": "x", "b": "y"}), ("socket", {"room": "lobby"}),
    ("api:thing", {"name": "x"}), ("api:deep:number", {"tenant": "acme", "n": 3}), ("api:deep-index", {}), ("api", {}),
    ("api:index", {}), ("api:", {}), (":index", {}), ("", {}), (":", {}), ("thing", {"name": "x"}), ("foreign", {}),
    ("foreign", {"path": "/a/b"}), ("foreign", {"path": ""}), ("tenant", {"tenant": "acme", "path": "a"}),
    ("router-x", {}), ("own", {}), ("host:own", {}), ("board-plain", {}), ("nothing", {}),
]  # fmt: skip


def way_back(kit: Kit, name: str, params: dict[str, Any]) -> tuple[str, str, str] | None:
    try:
        found = application(kit).url_path_for(name, **params)
    except kit.routing.NoMatchFound:
        return None
    return str(found), found.protocol, found.host


@pytest.mark.parametrize(("name", "params"), NAMES)
def test_a_name_leads_to_starlettes_path(name: str, params: dict[str, Any]) -> None:
    assert way_back(PEGBOARD, name, params) == way_back(STARLETTE, name, params)


async def connect(app: Any, path: str, host: str) -> list[str]:
    """What an application sends to a WebSocket, refusals of every kind as one."""
    incoming = [{"type": "websocket.connect"}]
    sent = []

    async def receive() -> Any:
        return incoming.pop() if incoming else {"type": "websocket.disconnect", "code": 1006}

    async def send(message: Any) -> None:
        sent.append(message.get("text") or message["type"])

    scope = {"path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "ws"}
    headers = [(b"host", host.encode())]
    await app({"type": "websocket", "asgi": {"version": "3.0"}, "headers": headers, **scope}, receive, send)
    return sent if "websocket.accept" in sent else ["refused"] if sent else []


SOCKETS = ["/both", "/both/", "/plain", "/none", "/sockets/x", "/sockets/x/", "/sockets/", "/silent", "/refuse", "/own",
           "/api/socket", "/api/socket/", "/api", "/api/none", "/foreign", "/foreign/x", "/t/acme/x", "/"]  # fmt: skip
CLOSED = {"/silent": "an endpoint that returns without a word is refused here, and left waiting by Starlette"}


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize("host", ["testserver", "api.example.org"])
async def test_a_websocket_is_accepted_where_starlette_accepts_it(path: str, host: str) -> None:
    expected = await connect(application(STARLETTE), path, host)
    assert (expected == []) == (path in CLOSED)
    assert await connect(application(PEGBOARD), path, host) == (expected or ["refused"])

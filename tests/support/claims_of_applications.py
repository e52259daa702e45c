"""What the page "Coming from Starlette" says of applications, routing, threads and configuration."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import pytest
from both_frameworks import ERROR, NOTHING, Kit, asked, claim, client, endpoint, outcome

from pegboard import Pegboard

APPLICATIONS, ROUTING = "Applications", "Routing"
THREADS, TEMPLATES = "Background tasks and threads", "Templates, configuration, middleware"


@claim(APPLICATIONS, "installed plugins", theirs=NOTHING, ours=(True, ()))
def installed_plugins(kit: Kit) -> Any:
    if not kit.is_ours:
        return NOTHING
    return bool(Pegboard(config={}).plugins), Pegboard(config={}, plugins=[]).plugins


@claim(APPLICATIONS, "lifespans of mounted applications", theirs=[], ours=["inner"])
def mounted_lifespans(kit: Kit) -> Any:
    ran: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        ran.append("inner")
        yield

    # Wrapped in a function, it is an application of any kind: neither framework looks inside.
    inner = kit.app(lifespan=lifespan)

    async def foreign(scope: Any, receive: Any, send: Any) -> None:
        await inner(scope, receive, send)

    with client(kit, kit.routing.Mount("/inner", app=foreign)):
        return ran


@claim(APPLICATIONS, "what an endpoint may return", theirs=[ERROR] * 6, ours=[200, 200, 200, 200, 204, 201])
def returned_values(kit: Kit) -> Any:
    @dataclass
    class Point:
        x: int

    def returning(number: int, value: Any) -> Any:
        async def serve(request: Any) -> Any:
            return value

        return kit.routing.Route(f"/{number}", serve)

    values: tuple[Any, ...] = ("text", {"a": 1}, [1], Point(1), None, ({}, 201))
    asking = client(kit, *(returning(number, value) for number, value in enumerate(values)))
    return [asking.get(f"/{number}").status_code for number in range(len(values))]


@claim(APPLICATIONS, "wrong configuration", theirs=(200, ERROR), ours="LifespanFailed")
def wrong_configuration(kit: Kit) -> Any:
    reads = endpoint(kit, "/json", lambda request: request.json(), methods=["POST"])
    with client(kit, endpoint(kit, "/", lambda request: 1), reads, max_body_size="much") as asking:
        return asking.get("/").status_code, asking.post("/json", json=1).status_code


@claim(ROUTING, "`OPTIONS`", theirs=(405, "GET, HEAD"), ours=(204, "GET, HEAD, OPTIONS"))
def options(kit: Kit) -> Any:
    answer = client(kit, endpoint(kit, "/", lambda request: 1)).options("/")
    return answer.status_code, ", ".join(sorted(answer.headers["allow"].split(", ")))


@claim(ROUTING, "`Allow`", theirs=["GET", "HEAD"], ours=["GET", "HEAD", "OPTIONS", "POST"])
def allow(kit: Kit) -> Any:
    routes = [endpoint(kit, "/", lambda request: 1, methods=[method]) for method in ("GET", "POST")]
    return sorted(client(kit, *routes).delete("/").headers["allow"].split(", "))


@claim(
    ROUTING,
    "`{n:int}` with thousands of digits, `{x:float}` beyond the range",
    theirs=(ERROR, ERROR),
    ours=(404, 404),
)
def numbers_out_of_range(kit: Kit) -> Any:
    asking = client(
        kit,
        endpoint(kit, "/int/{n:int}", lambda request: request.path_params["n"]),
        endpoint(kit, "/float/{x:float}", lambda request: request.path_params["x"]),
    )
    return asking.get("/int/" + "9" * 5000).status_code, asking.get("/float/" + "9" * 400).status_code


@claim(ROUTING, "a line feed at the end of a path", theirs=200, ours=404)
def line_feed(kit: Kit) -> Any:
    return asked(kit.app(endpoint(kit, "/static", lambda request: 1)), "/static\n").status


@claim(ROUTING, "`//` and several slashes at the end", theirs=(307, "http://testserver/page"), ours=(404, None))
def several_slashes(kit: Kit) -> Any:
    answer = asked(kit.app(endpoint(kit, "/page", lambda request: 1)), "/page///")
    return answer.status, answer.header("location")


@claim(ROUTING, "a redirect to the path with (or without) its slash", theirs="http://evil/page", ours="../page")
def slash_redirect(kit: Kit) -> Any:
    app = kit.app(endpoint(kit, "/page", lambda request: 1))
    return asked(app, "/page/", "GET", {"host": "evil"}).header("location")


@claim(ROUTING, "a query that is no UTF-8, in such a redirect", theirs=(ERROR, None), ours=(307, "../page?q=%FF"))
def query_of_a_redirect(kit: Kit) -> Any:
    answer = asked(kit.app(endpoint(kit, "/page", lambda request: 1)), "/page/", query_string=b"q=\xff")
    return answer.status, answer.header("location")


@claim(
    ROUTING,
    "Host routes, and a Host header with `,`, `;`, `&`, `%41` or a port beyond 65535",
    theirs=["inner"] * 5,
    ours=["outer"] * 5,
)
def host_routes(kit: Kit) -> Any:
    inner = kit.app(endpoint(kit, "/", lambda request: "inner"))
    app = kit.app(kit.routing.Host("api.{rest}", app=inner), endpoint(kit, "/", lambda request: "outer"))
    hosts = ("api.x,y", "api.x;y", "api.x&y", "api.%41", "api.x:99999")
    return [asked(app, "/", "GET", {"host": host}).body.decode().strip('"') for host in hosts]


@claim(
    ROUTING,
    "a blank or another such character in a value, in URLs that are built",
    theirs="/users/a b",
    ours="/users/a%20b",
)
def built_urls(kit: Kit) -> Any:
    app = kit.app(endpoint(kit, "/users/{name}", lambda request: 1, name="user"))
    return str(app.url_path_for("user", name="a b"))


@claim(ROUTING, "regular expressions of own convertors", theirs="taken", ours="ValueError")
def own_convertors(kit: Kit) -> Any:
    convertor: Any = kit.convertors.Convertor

    class Nested(convertor):  # type: ignore[misc]
        regex = "(a+)+b"

        def convert(self, value: str) -> str:
            return value

        def to_string(self, value: str) -> str:
            return value

    kit.convertors.register_url_convertor("nested", Nested())
    del kit.convertors.CONVERTOR_TYPES["nested"]
    return "taken"


@claim(THREADS, "one of several tasks fails", theirs=["first"], ours=["first", "last"])
def failing_tasks(kit: Kit) -> Any:
    ran: list[str] = []

    async def task(name: str, fails: bool = False) -> None:
        if fails:
            raise ValueError(name)
        ran.append(name)

    def respond(request: Any) -> Any:
        tasks = kit.background.BackgroundTasks()
        tasks.add_task(task, "first")
        tasks.add_task(task, "fails", True)
        tasks.add_task(task, "last")
        return kit.responses.Response(background=tasks)

    client(kit, endpoint(kit, "/", respond)).get("/")
    return ran


@claim(THREADS, "threads", theirs=(40, None), ours=(40, (40, 40, 10)))
def thread_limits(kit: Kit) -> Any:
    async def shared() -> float:
        return anyio.to_thread.current_default_thread_limiter().total_tokens

    own = kit.concurrency
    limits = [own.ENDPOINTS, own.FILES, own.BACKGROUND] if kit.is_ours else None
    return anyio.run(shared), limits and tuple(limit.threads for limit in limits)


@claim(THREADS, "context variables set in a thread", theirs="unset", ours="thread")
def context_variables(kit: Kit) -> Any:
    word: ContextVar[str] = ContextVar("word", default="unset")

    async def run() -> str:
        await kit.concurrency.run_in_threadpool(word.set, "thread")
        return word.get()

    return anyio.run(run)


def filled(kit: Kit, name: str, *, env: Any = None, processors: Any = None) -> str:
    """A template with a tag in its value."""
    with TemporaryDirectory() as folder:
        Path(folder, name).write_text("{{ value }}")
        given = {"env": env} if env is not None else {"directory": folder}
        if env is not None:
            env.loader.mapping[name] = "{{ value }}"
        pages = kit.templating.Jinja2Templates(**given, context_processors=processors)
        request = kit.requests.Request({"type": "http", "method": "GET", "headers": [], "path": "/"})
        body: bytes = pages.TemplateResponse(request, name, {"value": "<b>"}).body
        return body.decode()


@claim(
    TEMPLATES,
    "escaping in templates",
    theirs=("<b>", "&lt;b&gt;", "<b>"),
    ours=("&lt;b&gt;", "&lt;b&gt;", "ValueError"),
)
def escaping(kit: Kit) -> Any:
    import jinja2

    plain = jinja2.Environment(loader=jinja2.DictLoader({}))
    own = outcome(lambda kit: filled(kit, "own.html", env=plain), kit)
    return filled(kit, "page.txt"), filled(kit, "page.html"), own


@claim(TEMPLATES, "a template folder that is missing", theirs="made", ours="RuntimeError")
def missing_folder(kit: Kit) -> Any:
    kit.templating.Jinja2Templates(directory="no/such/folder")
    return "made"


@claim(TEMPLATES, "both `directory` and `env`, or neither", theirs="AssertionError", ours="ValueError")
def directory_and_env(kit: Kit) -> Any:
    return kit.templating.Jinja2Templates()


@claim(TEMPLATES, "async context processors", theirs="taken", ours="TypeError")
def async_processors(kit: Kit) -> Any:
    async def processor(request: Any) -> dict[str, Any]:
        return {}

    with TemporaryDirectory() as folder:
        kit.templating.Jinja2Templates(directory=folder, context_processors=[processor])
    return "taken"


def read(kit: Kit, text: str, name: str, cast: Any = None) -> Any:
    """A value from an env file."""
    with TemporaryDirectory() as folder:
        file = Path(folder, ".env")
        file.write_text(text)
        config = kit.config.Config(file, environ={})
    return config(name, cast=cast)


@claim(TEMPLATES, "lines in an env file that say nothing", theirs="1", ours="ValueError")
def env_lines(kit: Kit) -> Any:
    return read(kit, "nonsense\nA=1\n", "A")


@claim(TEMPLATES, "`export NAME=value` in an env file", theirs=("KeyError", "1"), ours=("1", "KeyError"))
def env_export(kit: Kit) -> Any:
    names = ("A", "export A")
    return tuple(outcome(lambda kit, name=name: read(kit, "export A=1\n", name), kit) for name in names)  # type: ignore[misc]


@claim(TEMPLATES, "a value that cannot be cast", theirs=(True, True), ours=(True, False))
def env_cast(kit: Kit) -> Any:
    class Token:
        def __init__(self, text: str) -> None:
            raise ValueError

    shown = []
    for cast in (int, Token):
        with pytest.raises(ValueError) as caught:  # noqa: PT011  the text differs, which is what is asked
            read(kit, "A=s3cret\n", "A", cast)
        shown.append("s3cret" in str(caught.value))
    return tuple(shown)

"""From names back to paths, through mounts and hosts."""

from typing import Any

import pytest

from pegboard.requests import Request
from pegboard.routing import BaseRoute, Host, Mount, NoMatchFound, Route, Router, WebSocketRoute


async def endpoint(request: Request) -> None: ...


async def socket(websocket: Any) -> None: ...


def route(name: str, path: str) -> Route:
    return Route(path, endpoint, name=name)


ROUTES: list[BaseRoute] = [
    route("home", "/"),
    route("user", "/users/{id:int}"),
    route("user", "/users/{id:int}/{tab}"),
    WebSocketRoute("/ws/{room}", socket, name="room"),
    Mount(
        "/api", name="api", routes=[route("item", "/items/{name}"), Mount("/{v}", name="v", routes=[route("x", "/x")])]
    ),
    Mount("/plain", routes=[route("unnamed", "/unnamed")]),
    Mount("/static", app=endpoint, name="static"),  # type: ignore[arg-type]
    Host("{tenant}.example.org", name="tenant", routes=[route("dash", "/dash/{page}")]),
    Host("docs.example.org", app=endpoint, name="docs"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(
    ("name", "params", "path"),
    [
        ("home", {}, "/"),
        ("user", {"id": 3}, "/users/3"),
        ("user", {"id": 3, "tab": "a b"}, "/users/3/a%20b"),
        ("room", {"room": "lobby"}, "/ws/lobby"),
        ("api:item", {"name": "ä"}, "/api/items/%C3%A4"),
        ("api:v:x", {"v": "v2"}, "/api/v2/x"),
        ("unnamed", {}, "/plain/unnamed"),
        ("static", {"path": "css/site.css"}, "/static/css/site.css"),
        ("static", {"path": "/site.css"}, "/static/site.css"),
    ],
)
def test_a_name_leads_to_its_path(name: str, params: dict[str, Any], path: str) -> None:
    assert Router(ROUTES).url_path_for(name, **params) == path


def test_a_host_is_part_of_the_url() -> None:
    found = Router(ROUTES).url_path_for("tenant:dash", tenant="acme", page="1")
    assert (found, found.host) == ("/dash/1", "acme.example.org")
    assert found.make_absolute_url("https://example.org") == "https://acme.example.org/dash/1"
    docs = Router(ROUTES).url_path_for("docs", path="/intro")
    assert (docs, docs.host) == ("/intro", "docs.example.org")


def test_a_websocket_route_has_its_protocol() -> None:
    found = Router(ROUTES).url_path_for("room", room="a")
    assert found.make_absolute_url("https://example.org") == "wss://example.org/ws/a"


@pytest.mark.parametrize(
    ("name", "params"),
    [("gone", {}), ("user", {}), ("user", {"id": 1, "x": 2}), ("item", {"name": "x"}), ("api:gone", {}), ("api", {})],
)
def test_no_route_of_this_name_and_these_parameters(name: str, params: dict[str, Any]) -> None:
    with pytest.raises(NoMatchFound, match=f"No route is called '{name}'"):
        Router(ROUTES).url_path_for(name, **params)


def test_a_value_that_would_not_come_back_is_refused() -> None:
    with pytest.raises(ValueError, match="tab"):
        Router(ROUTES).url_path_for("user", id=1, tab="a/b")


def test_a_mount_is_added_with_all_that_a_mount_takes() -> None:
    router = Router()
    middleware: list[Any] = [lambda app: app]
    router.mount("/m", Router(), "m", middleware=middleware, max_body_size=5, plugins={"x": False})
    (mount,) = router.routes
    assert (mount.middleware, mount.max_body_size, mount.plugins) == (tuple(middleware), 5, {"x": False})


def test_routes_are_added_in_every_way() -> None:
    router = Router()
    router.add_route("/a", endpoint, ["POST"], "a")
    router.add_websocket_route("/w", socket, "w")
    router.mount("/m", Router([route("in", "/in")]), "m")
    router.host("h.example.org", Router([route("at", "/at")]), "h")
    for method in ("get", "post", "put", "patch", "delete", "query"):
        getattr(router, method)(f"/{method}", name=method)(endpoint)
    router.websocket("/w2", name="w2")(socket)
    kinds = [type(each).__name__ for each in router.routes]
    assert kinds == ["Route", "WebSocketRoute", "Mount", "Host", *["Route"] * 6, "WebSocketRoute"]
    methods = [sorted(each.methods or ()) for each in router.routes if isinstance(each, Route)]
    assert methods == [["POST"], ["GET", "HEAD"], ["POST"], ["PUT"], ["PATCH"], ["DELETE"], ["QUERY"]]
    assert router.url_path_for("m:in") == "/m/in"


def test_a_description_of_the_api_is_told_of_all_routes_but_those_that_are_hidden() -> None:
    router = Router([route("shown", "/shown"), Route("/hidden", endpoint, include_in_schema=False)])
    router.add_route("/also-hidden", endpoint, ["POST"], include_in_schema=False)
    router.post("/posted/{id:int}")(endpoint)
    router.add_websocket_route("/ws", socket)
    outer = Router([Host("{t}.org", routes=[Mount("/in/{m}", app=router)]), Mount("/app", app=endpoint)])  # type: ignore[arg-type]
    told = [(flat.template.text, sorted(flat.route.methods)) for flat in outer.schema_routes()]  # type: ignore[attr-defined]
    assert told == [("/in/{m}/shown", ["GET", "HEAD"]), ("/in/{m}/posted/{id:int}", ["POST"])]
    assert [host.host for flat in outer.schema_routes() for host in flat.hosts] == ["{t}.org", "{t}.org"]

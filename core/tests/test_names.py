"""The way back looks at names first, and builds nothing that would not lead back."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import unquote

import anyio
import pytest
from board_harness import ask
from hypothesis import given, settings
from hypothesis import strategies as st

from pegboard import Pegboard
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse
from pegboard.routing import BaseRoute, Host, Mount, NoMatchFound, Route, Router
from pegboard.routing.templates import TemplateError, ValueRefused


async def endpoint(request: Request) -> None: ...


async def tell(request: Request) -> PlainTextResponse:
    return PlainTextResponse(repr(dict(sorted(request.path_params.items()))))


async def app(scope: Any, receive: Any, send: Any) -> None: ...


class OwnMount(Mount):
    """A mount that somebody derived."""


class OwnHost(Host):
    """A host that somebody derived."""


class Foreign:
    """An application whose routes are another framework's."""

    routes = (object(),)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


ROUTER = Router(
    [
        Mount("/{v:int}", routes=[Route("/q", endpoint, name="q")]),
        Mount("/foreign", app=Foreign()),
        Route("/x/{v}", endpoint, name="x"),
        Route("/ab", endpoint, name="a:b"),
        Mount("/own", name="own", routes=[Route("/x", endpoint, name="x")]),
        Mount("/c", name="c:d", routes=[Route("/x", endpoint, name="x")]),
        Mount("/st", app=app, name="st"),
        Mount("/{path}", app=app, name="taken"),
        OwnMount("/mm", name="mm", routes=[Route("/x", endpoint, name="x")]),
        OwnHost(
            "{sub}.example.org",
            name="h",
            routes=[
                Route("/x", endpoint, name="x"),
                Host("in.example.org", name="in", routes=[Route("/y", endpoint, name="y")]),
            ],
        ),
    ]
)


@pytest.mark.parametrize(
    ("name", "params", "path", "host"),
    [
        ("x", {"v": "abc"}, "/x/abc", ""),
        ("q", {"v": 3}, "/3/q", ""),
        ("a:b", {}, "/ab", ""),
        ("c:d:x", {}, "/c/x", ""),
        ("mm:x", {}, "/mm/x", ""),
        ("st", {"path": "a b?x=#y"}, "/st/a%20b%3Fx=%23y", ""),
        ("st", {"path": "/a//b"}, "/st/a//b", ""),
        ("st", {"path": ""}, "/st/", ""),
        ("h:x", {"sub": "a"}, "/x", "a.example.org"),
        ("h:in:y", {"sub": "a"}, "/y", "in.example.org"),
    ],
)
def test_a_name_leads_to_its_path(name: str, params: dict[str, Any], path: str, host: str) -> None:
    found = ROUTER.url_path_for(name, **params)
    assert (found, found.host) == (path, host)


@pytest.mark.parametrize(
    ("name", "params"),
    [("st", {"path": "../../etc"}), ("st", {"path": "."}), ("q", {"v": "zz"}), ("h:x", {"sub": "a b"})],
)
def test_what_would_lead_elsewhere_is_refused(name: str, params: dict[str, Any]) -> None:
    with pytest.raises(ValueRefused):
        ROUTER.url_path_for(name, **params)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "str": st.text(min_size=1, max_size=5) | st.sampled_from(["a", "a.b", "%2F", "\u00e9", "a b", "..a"]),
    "int": st.integers(0, 10**20),
    "path": st.text("ab/.%", max_size=6),
    "uuid": st.uuids(),
}


@st.composite
def nested_routes(draw: st.DrawFn) -> tuple[BaseRoute, str, dict[str, Any]]:
    """A route in up to three mounts and hosts, its full name, and values for all parameters."""
    params: dict[str, Any] = {}

    def segment() -> str:
        kind = draw(st.sampled_from(["", *VALUES]))
        if not kind:
            return "/" + draw(st.sampled_from(["a", "b", "a.b"]))
        name = f"p{len(params)}"
        params[name] = draw(VALUES[kind])
        return f"/{{{name}:{kind}}}"

    route: BaseRoute = Route(segment() + draw(st.sampled_from(["", "/", "/end"])), tell, name="leaf")
    names = ["leaf"]
    for number in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(["", f"n{number}"]))
        if draw(st.integers(0, 3)):
            route = Mount(segment(), routes=[route], name=name)
        else:
            route = Host(f"h{number}.example.org", routes=[route], name=name)
        names[:0] = [name] if name else []
    return route, ":".join(names), params


@settings(max_examples=150, deadline=None)
@given(nested_routes())
def test_a_name_leads_to_a_path_that_gives_the_parameters_back(case: tuple[BaseRoute, str, dict[str, Any]]) -> None:
    route, name, params = case
    board = Pegboard(routes=[route], plugins=[])
    try:
        found = board.url_path_for(name, **params)
    except (ValueRefused, TemplateError):  # a board refuses such a template as well
        return
    path = unquote(str(found), errors="strict")
    headers = {"host": found.host or "testserver"}
    answer = anyio.run(partial(ask, board, "/", path=path, raw_path=str(found).encode(), headers=headers))
    # Hosts in hosts of other names are for nobody.
    assert answer.status == 200 or (answer.status == 404 and sum(part[0] == "h" for part in hosts_of(route)) > 1)
    assert answer.status == 404 or answer.body == repr(params).encode()


@pytest.mark.parametrize("params", [{"tenant": "", "page": "evil.example"}, {"tenant": "a", "page": "../b"}])
def test_what_is_right_in_its_parts_and_wrong_as_a_whole_is_refused(params: dict[str, str]) -> None:
    """An empty prefix before a path gives `//`, which clients read as a host."""
    router = Router([Mount("/{tenant:path}", routes=[Route("/{page:path}", endpoint, name="page")])])
    with pytest.raises(ValueRefused):
        router.url_path_for("page", **params)


@pytest.mark.parametrize(("tenant", "page"), [("", "a/"), ("a", "b/c"), ("", "/")])
def test_values_that_share_a_slash_are_refused_with_what_would_come_back(tenant: str, page: str) -> None:
    """A greedy prefix takes as much as it can, so that only what it leaves can be told from it."""
    router = Router([Mount("/in/{tenant:path}", routes=[Route("/{page:path}", endpoint, name="page")])])
    with pytest.raises(ValueRefused, match="would come back as"):
        router.url_path_for("page", tenant=tenant, page=page)
    assert router.url_path_for("page", tenant=f"{tenant}/{page}", page="") == f"/in/{tenant}/{page}/"


def hosts_of(route: Any) -> list[str]:
    """The hosts around the innermost route."""
    own = [route.host] if isinstance(route, Host) else []
    return own + (hosts_of(route.routes[0]) if isinstance(route, Mount | Host) else [])


@pytest.mark.parametrize(("name", "params"), [("taken", {"path": "x"}), ("mm", {}), ("c:x", {}), ("", {}), (":x", {})])
def test_what_nothing_is_called_is_not_found(name: str, params: dict[str, Any]) -> None:
    with pytest.raises(NoMatchFound):
        ROUTER.url_path_for(name, **params)

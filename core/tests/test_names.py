"""The way back looks at names first, and builds nothing that would not lead back."""

from __future__ import annotations

from typing import Any

import pytest

from pegboard.requests import Request
from pegboard.routing import Host, Mount, NoMatchFound, Route, Router
from pegboard.routing.templates import ValueRefused


async def endpoint(request: Request) -> None: ...


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


@pytest.mark.parametrize(("name", "params"), [("taken", {"path": "x"}), ("mm", {}), ("c:x", {}), ("", {}), (":x", {})])
def test_what_nothing_is_called_is_not_found(name: str, params: dict[str, Any]) -> None:
    with pytest.raises(NoMatchFound):
        ROUTER.url_path_for(name, **params)

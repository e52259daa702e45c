"""Whole templates of routes."""

from typing import Any

import pytest

from pegboard.routing import Host, Mount, Route
from pegboard.routing.misses import MissRoute
from pegboard.routing.tree import Miss, MissKind
from pegboard_logging.templates import Templates


async def endpoint(request: Any) -> None:
    raise NotImplementedError


async def app(scope: Any, receive: Any, send: Any) -> None:
    raise NotImplementedError


def learned(*routes: Any) -> Templates:
    templates = Templates()
    templates.learn(routes)
    return templates


def test_the_mounts_around_a_route_belong_to_its_template() -> None:
    route = Route("/users/{id:int}", endpoint)
    inner = Mount("/in", routes=[route])
    templates = learned(Mount("/api/{version}", routes=[inner]))
    assert templates.all_of(route) == ("/api/{version}/in/users/{id:int}",)
    assert templates.of(route, "/api/2/in/users/7") == "/api/{version}/in/users/{id:int}"


def test_an_application_is_known_by_its_mount() -> None:
    mount = Mount("/static", app)
    templates = learned(Mount("/a", routes=[mount]))
    assert templates.of(mount, "/a/static/x.css") == "/a/static"


def test_a_route_within_a_host_is_known_by_its_path() -> None:
    route = Route("/users", endpoint)
    assert learned(Host("{tenant}.example.com", routes=[route])).of(route, "/users") == "/users"


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/users/7", "/users/{id}"),
        ("/v1/users/7", "/v1/users/{id}"),
        ("/v2/ada/users/7", "/v2/{who}/users/{id}"),
        # Behind a proxy that has taken its own path away and says so.
        ("/proxy/v1/users/7", "/v1/users/{id}"),
    ],
)
def test_a_route_in_several_places_is_told_by_the_path(path: str, template: str) -> None:
    route = Route("/users/{id}", endpoint)
    templates = learned(Mount("/v1", routes=[route]), Mount("/v2/{who}", routes=[route]), route)
    assert set(templates.all_of(route)) == {"/v1/users/{id}", "/v2/{who}/users/{id}", "/users/{id}"}
    assert templates.of(route, path) == template


def test_what_is_learned_later_is_known_as_well() -> None:
    first, second = Route("/a", endpoint), Route("/b", endpoint)
    templates = learned(first)
    assert templates.all_of(second) == ()
    templates.learn([first, second])
    assert (templates.all_of(first), templates.all_of(second)) == (("/a",), ("/b",))


def test_paths_that_no_route_answers_have_no_template() -> None:
    miss = MissRoute(Miss(MissKind.NOT_FOUND))
    assert learned(Route("/a", endpoint)).of(miss, "/nowhere") is None

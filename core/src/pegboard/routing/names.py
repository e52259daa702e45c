"""The way back: from a route's name and its parameters to a path.

Rules:

- A name is compared before anything is built, so that no value is refused in the name of another route.
- What is built is checked as `Template.build` checks it: it leads back to the same route's path, or is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Final

from pegboard.routing.routes import BaseRoute, Host, Mount, WebSocketRoute
from pegboard.routing.templates import Template
from pegboard.urls import URLPath

__all__ = ["NoMatchFound", "path_for"]


class NoMatchFound(Exception):
    """No route has this name and these parameters."""

    def __init__(self, name: str, path_params: Mapping[str, Any]) -> None:
        given = ", ".join(path_params) or "none"
        super().__init__(f"No route is called {name!r} and takes exactly these path parameters: {given}")


_NO_PREFIX: Final = Template.parse("")


def path_for(
    routes: Sequence[Any], name: str, params: Mapping[str, Any], prefix: Template = _NO_PREFIX
) -> URLPath | None:
    """The path of the first route of this name that takes exactly these parameters, those of ``prefix`` among them.

    ``prefix`` is the template of the mounts around the routes. Raises ValueRefused for a value that the path could not
    give back.
    """
    for route in routes:
        if not isinstance(route, BaseRoute):  # an application's routes may be another framework's
            continue
        find = next((find for kind, find in _FINDERS if isinstance(route, kind)), _find_route)
        found = find(route, name, params, prefix)
        if found is not None:
            return found
    return None


def _find_route(route: Any, name: str, params: Mapping[str, Any], prefix: Template) -> URLPath | None:
    if name != route.name:
        return None
    # The whole path is built at once: what is right in its parts may be read otherwise when they are joined.
    template = _joined(prefix, route.template)
    if set(params) != set(template.params):
        return None
    path, _ = template.build(params)
    return URLPath(path, protocol="websocket" if isinstance(route, WebSocketRoute) else "http")


def _find_in_mount(mount: Mount, name: str, params: Mapping[str, Any], prefix: Template) -> URLPath | None:
    template = _joined(prefix, mount.template) if mount.path else prefix
    if _leads_below(mount, template, name, params):
        return URLPath(_anything_below(template, params))
    return _find_inside(mount, name, params, template)


def _find_in_host(host: Host, name: str, params: Mapping[str, Any], prefix: Template) -> URLPath | None:
    template = host.host_template
    if not set(template.params) <= set(params):
        return None
    inner = {key: params[key] for key in params if key not in template.params}
    if _leads_below(host, prefix, name, inner):
        found: URLPath | None = URLPath(_anything_below(prefix, inner))
    else:
        found = _find_inside(host, name, inner, prefix)
    if found is None:
        return None
    text, _ = template.build(params)
    return URLPath(str(found), protocol=found.protocol, host=found.host or text)


def _find_inside(outer: Mount | Host, name: str, params: Mapping[str, Any], prefix: Template) -> URLPath | None:
    """What the routes inside make of what is left of the name."""
    inner_name = _inner_name(outer.name, name)
    return None if inner_name is None else path_for(outer.routes, inner_name, params, prefix)


def _joined(prefix: Template, template: Template) -> Template:
    if not prefix.text:
        return template
    return _known_join(prefix, template, tuple(map(id, (*prefix.params.values(), *template.params.values()))))


@lru_cache(maxsize=4096)
def _known_join(prefix: Template, template: Template, convertors: tuple[int, ...]) -> Template:
    """Templates are equal by their text; the convertors say whether they mean the same."""
    return template.join(prefix)


def _leads_below(outer: Mount | Host, template: Template, name: str, params: Mapping[str, Any]) -> bool:
    """Whether the name is the mount's own, with ``path`` for what is below; it may have no parameter called so."""
    if not name or name != outer.name or "path" in template.params:
        return False
    return {*template.params, "path"} == {*params}


def _anything_below(template: Template, params: Mapping[str, Any]) -> str:
    """The path of a mount with the ``path`` parameter behind it, which may begin with a slash."""
    below = {**params, "path": str(params["path"]).lstrip("/")}
    path, _ = _below(template.text.rstrip("/")).build(below)
    return path


@cache
def _below(prefix: str) -> Template:
    return Template.parse(prefix + "/{path:path}")


def _inner_name(outer: str, name: str) -> str | None:
    """What is left of ``name`` inside of ``outer``; a mount without a name passes all names on."""
    if not outer:
        return name
    return name.removeprefix(f"{outer}:") if name.startswith(f"{outer}:") else None


_FINDERS: Sequence[tuple[type[BaseRoute], Callable[..., URLPath | None]]] = (
    (Mount, _find_in_mount),
    (Host, _find_in_host),
)

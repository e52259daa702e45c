"""From nested routes to a flat list: every route in its place, with the template from the root.

The routes of a mount or host stand in its place, and behind them stands the mount or host itself, which closes it: what
it does not have is not looked for further on.

Rule: nothing here raises for a wrong route. It is left out, and told as a problem that names all who take part in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pegboard.routing.routes import BaseRoute, Host, Inner, Mount, Route, WebSocketRoute
from pegboard.routing.templates import Template, TemplateError

__all__ = ["FlatRoute", "flatten"]

_KINDS = (Route, WebSocketRoute, Mount, Host)


@dataclass(frozen=True, slots=True)
class FlatRoute:
    """A route in its place: with the template from the root, and the mounts and hosts around it, outermost first.

    ``redirect_slashes`` is what the innermost router around it, or inside of it, says; None where none does.
    """

    route: BaseRoute
    template: Template
    around: tuple[BaseRoute, ...]
    mount_segments: int
    redirect_slashes: bool | None = None

    @property
    def host(self) -> Host | None:
        """The innermost host around this route, if any."""
        return next((outer for outer in reversed(self.around) if isinstance(outer, Host)), None)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The hosts that a request must be for to come here, with the route itself when it is one."""
        return tuple(outer for outer in self.chain if isinstance(outer, Host))

    @property
    def chain(self) -> tuple[BaseRoute, ...]:
        """Everything whose settings hold here, outermost first."""
        return (*self.around, self.route)


def flatten(routes: Sequence[BaseRoute], problems: list[str] | None = None) -> list[FlatRoute]:
    """Every route in its place, in order; behind the routes of a mount or host stands the mount or host itself.

    What is wrong is left out, and added to ``problems``.
    """
    return list(_Flattener([] if problems is None else problems).flat(routes, _TOP))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where routes stand: what is around them, with its joined template and its routers' say on slashes."""

    around: tuple[BaseRoute, ...] = ()
    prefix: Template | None = None
    depth: int = 0
    redirect_slashes: bool | None = None

    @property
    def described(self) -> str:
        return f" in {self.around[-1].label}" if self.around else ""


_TOP = _Place()

_DEEPEST: Final = 100
"""How many mounts and hosts may stand in each other."""


class _Flattener:
    """Walks routes inward; ``inside`` holds the lists of routes that it is in, to see one that is in itself."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        self.inside: list[Any] = []

    def flat(self, routes: Sequence[BaseRoute], place: _Place) -> Iterator[FlatRoute]:
        if any(outer is routes for outer in self.inside):
            self.problems.append(f"{place.around[-1].label} mounts a router in itself; take that mount away")
            return
        if len(self.inside) > _DEEPEST:
            self.problems.append(
                f"{place.around[-1].label} stands in {_DEEPEST} mounts and hosts; they may be nested no deeper"
            )
            return
        self.inside.append(routes)
        for route in routes:
            yield from self.one(route, place)
        self.inside.pop()

    def one(self, route: BaseRoute, place: _Place) -> Iterator[FlatRoute]:
        if not isinstance(route, _KINDS):
            self.problems.append(_no_route(route, place))
            return
        template = self.template(route, place)
        if template is None:
            return
        inner = _inside(route, place, template)
        if isinstance(route, Inner) and route.is_flattened:
            yield from self.flat(route.routes, inner)
        yield FlatRoute(route, template, place.around, inner.depth, inner.redirect_slashes)

    def template(self, route: BaseRoute, place: _Place) -> Template | None:
        """The template of a route from the root, or None when it cannot have one."""
        try:
            template = route.template if place.prefix is None else route.template.join(place.prefix)
        except TemplateError as error:
            self.problems.append(_unjoinable(route, place, error))
            return None
        if not template.text:
            self.problems.append(
                f"{type(route).__name__} '' matches no path, since every path begins with a slash; write '/'"
            )
            return None
        return template if self.has_names_of_its_own(route, place, template) else None

    def has_names_of_its_own(self, route: BaseRoute, place: _Place, template: Template) -> bool:
        """Whether no host has a parameter of the same name as the path or another host: both are path parameters."""
        hosts = [outer for outer in (*place.around, route) if isinstance(outer, Host)]
        named = [(host.label, host.host_template.params) for host in hosts]
        taken: dict[str, str] = {}
        for label, names in [*named, (f"the path of {route.label}", template.params)]:
            for name in names:
                if name in taken:
                    self.problems.append(f"{taken[name]} and {label} both have a path parameter {name!r}; {_RENAME}")
                    return False
                taken[name] = label
        return True


_RENAME = "every parameter of a route, with those of the mounts and hosts around it, needs a name of its own"


def _inside(route: BaseRoute, place: _Place, template: Template) -> _Place:
    """The place of the routes inside of a mount or host; that of any other route is its own."""
    if not isinstance(route, Inner):
        return place
    said = getattr(route.app, "redirect_slashes", None) if route.is_flattened else None
    redirects = place.redirect_slashes if said is None else said
    if isinstance(route, Mount) and route.path:
        return _Place((*place.around, route), template, place.depth + route.template.depth, redirects)
    return _Place((*place.around, route), place.prefix, place.depth, redirects)


def _unjoinable(route: BaseRoute, place: _Place, error: TemplateError) -> str:
    for outer in place.around:
        for name in outer.template.params:
            if name in route.template.params:
                return f"{outer.label} and {route.label} both have a path parameter {name!r}; {_RENAME}"
    return f"{route.label}{place.described}: {error}"


def _no_route(route: Any, place: _Place) -> str:
    """The problem of a thing that stands among routes and is none of ours."""
    shown, module = type(route).__name__, type(route).__module__
    if isinstance(route, BaseRoute):
        return f"{route.label}{place.described}: {shown} is no kind of route that is served; derive it from {_EXPECTED}"
    if module.partition(".")[0] == "starlette":
        return (
            f"routes{place.described} hold {route!r}, which is Starlette's; "
            f"change the import to `from pegboard.routing import {shown}`"
        )
    return f"routes{place.described} hold {route!r}; expected {_EXPECTED}"


_EXPECTED = "Route, WebSocketRoute, Mount or Host"

"""Whole templates of routes, mounts included: known once for all, by the identity of the route.

A route that is mounted in several places has several. Which one a request was for is told by its path, in the writer's
thread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from pegboard.convertors import PathConvertor
from pegboard.routing import BaseRoute
from pegboard.routing.flattening import flatten
from pegboard.routing.templates import Template

__all__ = ["Templates"]


class Templates:
    """What the routes of a board are called, from the root."""

    def __init__(self) -> None:
        # A route is known by its identity, which is its own for as long as it is kept.
        self._kept: dict[int, BaseRoute] = {}
        self._templates: dict[int, dict[str, Template]] = {}
        self._only: dict[int, str] = {}

    def learn(self, routes: Sequence[BaseRoute]) -> None:
        """Look at ``routes``, and at all that is mounted among them."""
        for flat in flatten(routes):
            self._kept[id(flat.route)] = flat.route
            self._templates.setdefault(id(flat.route), {})[flat.template.text] = flat.template
        self._only = {route: next(iter(known)) for route, known in self._templates.items() if len(known) == 1}

    def all_of(self, route: BaseRoute) -> tuple[str, ...]:
        """All templates of a route; none when it stands for paths that no route answers."""
        return tuple(self._templates.get(id(route), ()))

    def of(self, route: BaseRoute, path: str) -> str | None:
        """The template of a request for ``path``, or None where no route has answered."""
        only = self._only.get(id(route))
        if only is not None:
            return only
        known = self._templates.get(id(route), {})
        fitting = (text for text, template in known.items() if _pattern(template).search(path))
        return next(fitting, next(iter(known), None))


@lru_cache(maxsize=1024)
def _pattern(template: Template) -> re.Pattern[str]:
    """What the end of a path has to look like; before it may stand the root path that a proxy has taken away.

    It need not tell what a parameter accepts: the request has found the route already.
    """
    parts = (
        re.escape(part) if isinstance(part, str) else ".*" if isinstance(part.convertor, PathConvertor) else "[^/]*"
        for part in template.parts
    )
    return re.compile(rf"{''.join(parts)}\Z", re.DOTALL)

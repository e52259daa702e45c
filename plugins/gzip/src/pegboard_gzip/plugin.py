"""The plugin: one policy for each set of settings that routes have, bound to them at the freeze."""

from __future__ import annotations

from typing import Any

from pegboard import Plugin, RouteHooks, hookimpl
from pegboard.concurrency import ThreadLimit
from pegboard_gzip.kept_bodies import KeptBodies
from pegboard_gzip.policy import Policy
from pegboard_gzip.request_bodies import RequestBodies
from pegboard_gzip.settings import GzipRouteSettings, GzipSettings
from pegboard_gzip.siblings import Siblings

__all__ = ["Gzip"]


class Gzip(Plugin[GzipSettings]):
    """Compresses responses with zstd, Brotli or gzip, as each request asks (RFC 9110 section 12.5.3).

    Keyword arguments are the fields of `GzipSettings`.
    """

    name = "gzip"
    phase = "content"
    response_headers = ("content-encoding",)
    Settings = GzipSettings
    RouteSettings = GzipRouteSettings

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._inline = False
        self._hooks: list[tuple[tuple[Any, ...], RouteHooks]] = []

    @hookimpl
    def setup(self, board: Any) -> None:
        """See whether a plugin further inside may filter bodies, which then have to be compressed after it."""
        names = [member.name for member in board.plugins]
        inside = board.plugins[names.index(self.name) + 1 :]
        self._inline = not any({"body", "route"} & set(member.impl.hooks) for member in inside)
        self._threads = ThreadLimit("gzip", self.settings.thread_count())
        self._kept = KeptBodies(self.settings.cache_size) if self.settings.cache_size else None

    @hookimpl
    def route(self, settings: GzipRouteSettings) -> RouteHooks:
        """The hooks of a route: the same ones for equal settings, so that routes share pipelines."""
        values = tuple(getattr(settings, name) for name in GzipRouteSettings.__struct_fields__)
        for known, hooks in self._hooks:
            if known == values:
                return hooks
        hooks = _bind(Policy(settings, self._threads, self._inline, self._kept))
        self._hooks.append((values, hooks))
        return hooks


def _bind(policy: Policy) -> RouteHooks:
    settings = policy.settings
    hooks: list[Any] = [policy.refuse] if settings.refuse_unacceptable else []
    if settings.request_codings:
        hooks.append(RequestBodies(settings).request)
    if settings.precompressed:
        hooks.append(Siblings(settings.precompressed).request)
    return RouteHooks(request=(*hooks, policy.request), body=policy.body)

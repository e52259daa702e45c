"""Pegboard: a small ASGI core with hooks, and plugins that hang on them."""

from pegboard.applications import Pegboard
from pegboard.filters import BodyFilter
from pegboard.outcome import Outcome, WebSocketOutcome
from pegboard.plugin import Plugin, RouteHooks, hookimpl
from pegboard.settings import Invalid, Settings
from pegboard.wrapping import wrap

__all__ = [
    "BodyFilter",
    "Invalid",
    "Outcome",
    "Pegboard",
    "Plugin",
    "RouteHooks",
    "Settings",
    "WebSocketOutcome",
    "hookimpl",
    "wrap",
]

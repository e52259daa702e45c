"""Pegboard: a small ASGI core with hooks, and plugins that hang on them.

The names below are loaded when they are first used, so that importing one module does not import them all.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "BodyFilter": "filters",
    "Invalid": "settings",
    "Outcome": "outcome",
    "Pegboard": "applications",
    "Plugin": "plugin",
    "RouteHooks": "plugin",
    "Settings": "settings",
    "WebSocketOutcome": "outcome",
    "hookimpl": "plugin",
    "wrap": "wrapping",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value

"""What a plugin's author tests with: boards, a recorder of hooks, a strict ASGI checker, a virtual clock, faults.

Everything here works without pytest. The fixtures of `pegboard.testing.pytest_plugin` hand the same things to tests,
and `conformance_suite` is the contract of plugins as a test.

The names below are loaded when they are first used: pytest loads this package in every run, whoever uses it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pegboard.asgi_checks import ASGIViolation
    from pegboard.testing.boards import CheckedBoard, clean_environment, make_board
    from pegboard.testing.clocks import VirtualClock
    from pegboard.testing.conformance.suite import conformance_suite
    from pegboard.testing.conversations import Conversation, converse, converse_websocket
    from pegboard.testing.faults import Faults
    from pegboard.testing.hook_calls import HookCall
    from pegboard.testing.recording import HookRecorder
    from pegboard.testing.routes import example_routes
    from pegboard.testing.strict import StrictASGI

__all__ = [
    "ASGIViolation",
    "CheckedBoard",
    "Conversation",
    "Faults",
    "HookCall",
    "HookRecorder",
    "StrictASGI",
    "VirtualClock",
    "clean_environment",
    "conformance_suite",
    "converse",
    "converse_websocket",
    "example_routes",
    "make_board",
]

_HOMES = {
    "ASGIViolation": "pegboard.asgi_checks",
    "CheckedBoard": "pegboard.testing.boards",
    "Conversation": "pegboard.testing.conversations",
    "Faults": "pegboard.testing.faults",
    "HookCall": "pegboard.testing.hook_calls",
    "HookRecorder": "pegboard.testing.recording",
    "StrictASGI": "pegboard.testing.strict",
    "VirtualClock": "pegboard.testing.clocks",
    "clean_environment": "pegboard.testing.boards",
    "conformance_suite": "pegboard.testing.conformance.suite",
    "converse": "pegboard.testing.conversations",
    "converse_websocket": "pegboard.testing.conversations",
    "example_routes": "pegboard.testing.routes",
    "make_board": "pegboard.testing.boards",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value

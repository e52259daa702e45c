"""What a plugin is.

A plugin is an object with methods marked ``@hookimpl``, a ``name`` and a ``phase``. The base class is a convenience: it
keeps the keyword arguments until the board has read the other sources, and gives the finished ``settings`` a type.

A complete plugin::

    class PoweredBy(Plugin):
        name = "powered-by"
        phase = "content"

        @hookimpl
        def response(self, response):
            response.headers["x-powered-by"] = "Pegboard"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar, get_args

import msgspec
import pluggy

from pegboard.hook_types import (
    BodyHook,
    CompleteHook,
    ErrorHook,
    RequestHook,
    ResponseHook,
    WebSocketCompleteHook,
    WebSocketHook,
)

__all__ = ["PHASES", "NoSettings", "Phase", "Plugin", "RouteHooks", "hookimpl"]

PROJECT = "pegboard"

hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's method as an implementation of the hook of the same name."""

Phase = Literal["observe", "guard", "identify", "content", "app"]
"""A plugin's place from outside to inside."""

PHASES: tuple[Phase, ...] = get_args(Phase)


class NoSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a plugin that has none."""


if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    S = TypeVarWithDefault("S", bound=msgspec.Struct, default=NoSettings)
else:
    # Defaults of type variables came with Python 3.13; only type checkers look at this one.
    S = TypeVar("S", bound=msgspec.Struct)


class Plugin(Generic[S]):
    """Base of plugins.

    Keyword arguments are settings, the strongest source. ``settings`` is set when the board freezes, before `setup`.
    """

    name: str
    """One word, used everywhere: entry point, configuration section, order, per-route settings."""

    phase: Phase = "app"

    before: Sequence[str] = ()
    """Names of plugins of the same phase that stand further inside; absent ones are ignored."""

    after: Sequence[str] = ()
    """Names of plugins of the same phase that stand further outside; absent ones are ignored."""

    provides: Sequence[str] = ()
    """Capabilities others may rely on, such as ``identity``."""

    requires: Sequence[str] = ()
    """Capabilities that some other plugin has to provide."""

    response_headers: Sequence[str] = ()
    """Response headers that it sets, by name, for `pegboard check`: no other plugin should set them too.

    Those that it only adds a value to, such as Vary, Link and Set-Cookie, do not belong here.
    """

    state_keys: Sequence[str] = ()
    """Keys that it sets in the scope or the state of connections, likewise."""

    Settings: ClassVar[type[msgspec.Struct]] = NoSettings
    RouteSettings: ClassVar[type[msgspec.Struct] | None] = None

    settings: S

    def __init__(self, **settings: Any) -> None:
        self.given_settings = settings

    def __repr__(self) -> str:
        return f"<plugin {getattr(self, 'name', type(self).__name__)}>"


class RouteHooks:
    """The request-time hooks that a `route` hook binds to one route; each one function, several in order, or none.

    Their shapes stand in `pegboard.hook_types`; as with methods, a function may leave arguments out.

    ``note`` tells people in a few words what the plugin does for this route, or why nothing; `pegboard explain` shows
    it.
    """

    __slots__ = ("body", "complete", "error", "note", "request", "response", "websocket", "websocket_complete")

    def __init__(
        self,
        *,
        request: RequestHook | Sequence[RequestHook] | None = None,
        response: ResponseHook | Sequence[ResponseHook] | None = None,
        error: ErrorHook | Sequence[ErrorHook] | None = None,
        body: BodyHook | Sequence[BodyHook] | None = None,
        complete: CompleteHook | Sequence[CompleteHook] | None = None,
        websocket: WebSocketHook | Sequence[WebSocketHook] | None = None,
        websocket_complete: WebSocketCompleteHook | Sequence[WebSocketCompleteHook] | None = None,
        note: str = "",
    ) -> None:
        self.request = _several("request", request)
        self.response = _several("response", response)
        self.error = _several("error", error)
        self.body = _several("body", body)
        self.complete = _several("complete", complete)
        self.websocket = _several("websocket", websocket)
        self.websocket_complete = _several("websocket_complete", websocket_complete)
        self.note = note


def _several(
    hook: str, given: Callable[..., Any] | Sequence[Callable[..., Any]] | None
) -> tuple[Callable[..., Any], ...]:
    if given is None:
        return ()
    functions = (given,) if callable(given) else given
    if isinstance(functions, list | tuple) and all(map(callable, functions)):
        return tuple(functions)
    if isinstance(functions, list | tuple):
        got = f"one that holds {', '.join(sorted({type(each).__name__ for each in functions if not callable(each)}))}"
    else:
        got = type(given).__name__
    raise TypeError(f"RouteHooks({hook}=...): expected a function, a list of functions or None; got {got}")

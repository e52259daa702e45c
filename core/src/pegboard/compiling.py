"""From plugins to pipelines: hook implementations become flat tuples of plain callables.

pluggy says which methods implement which hook, and with which options. Everything else is decided here,
once: arguments are bound to positions, sync or async is read off the function, and routes with the same hooks share a
pipeline.

A pipeline calls each function with all arguments of the hook's specification and looks only whether the result is None.
Whatever else comes back, a coroutine, a response or a mistake, is a matter for the function's `Step`, which stands in a
tuple beside it.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from types import MethodType
from typing import Any

from pegboard.concurrency import is_async
from pegboard.exceptions import HookError
from pegboard.hookspecs import OUTSIDE_IN, ROUTE_HOOKS, SYNC_ONLY, HookSpecs
from pegboard.plugin import RouteHooks
from pegboard.responses import Head, to_response

__all__ = [
    "Call",
    "Impl",
    "Pipeline",
    "PipelineFactory",
    "Step",
    "compile_hook",
    "identity",
    "lint_signature",
    "route_hooks",
    "signature_of",
]

ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    name: tuple(inspect.signature(spec).parameters)[1:]
    for name, spec in vars(HookSpecs).items()
    if hasattr(spec, "pegboard_spec")
}
"""The arguments of each hook, in order."""


Call = Callable[..., Any]


class Step:
    """Who stands behind one compiled function, for everything that is not the ordinary case."""

    __slots__ = ("described", "hook", "is_async", "plugin")

    def __init__(self, hook: str, plugin: str, described: str, is_async: bool) -> None:
        self.hook = hook
        self.plugin = plugin
        self.described = described
        self.is_async = is_async

    def blame(self, error: BaseException) -> None:
        """Note on ``error`` which hook of which plugin it left, once."""
        note = f"in hook {self.hook!r} of {self.described}"
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)

    def response(self, result: Any) -> Any:
        """What a function gave, once it was awaited if need be, as a response. Raises HookError for anything else."""
        if isinstance(result, Head):
            return result
        if callable(result) and not isinstance(result, Awaitable):
            return to_response(result)
        raise self.misuse(result, "a response or None")

    def misuse(self, result: Any, expected: str) -> HookError:
        """The error for a result that the contract does not allow."""
        advice = ""
        if isinstance(result, Awaitable):
            advice = "; declare the hook `async def`, so that its result is awaited"
            if inspect.iscoroutine(result):
                result.close()
        return HookError(f"hook {self.hook!r} of {self.described} returned {_a(result)}; expected {expected}{advice}")


def _a(result: Any) -> str:
    name = type(result).__name__
    return f"an {name}" if name[:1].lower() in "aeiou" else f"a {name}"


class Pipeline:
    """The frozen hooks of one or more routes, each a tuple of functions in calling order; empty means absent.

    ``shapes`` says whether there is any that sees a response before it is sent.
    """

    __slots__ = (
        "_steps",
        "body",
        "complete",
        "error",
        "request",
        "response",
        "shapes",
        "websocket",
        "websocket_complete",
    )

    def __init__(self, hooks: Mapping[str, Sequence[tuple[Call, Step]]]) -> None:
        hooks = {hook: _distinct(compiled) for hook, compiled in hooks.items()}
        self.request, self.error, self.response, self.body, self.complete, self.websocket, self.websocket_complete = (
            tuple(call for call, _ in hooks.get(hook, ()))
            for hook in ("request", "error", "response", "body", "complete", "websocket", "websocket_complete")
        )
        self.shapes = bool(self.response or self.body)
        self._steps = {hook: tuple(step for _, step in compiled) for hook, compiled in hooks.items()}

    def step(self, hook: str, call: Call) -> Step:
        """Who stands behind one of the functions."""
        calls: tuple[Call, ...] = getattr(self, hook)
        return self._steps[hook][calls.index(call)]

    def steps(self, hook: str) -> tuple[Step, ...]:
        """Who stands behind the functions of one hook, in calling order."""
        return self._steps.get(hook, ())


def _distinct(compiled: Sequence[tuple[Call, Step]]) -> list[tuple[Call, Step]]:
    """The same, where no function equals another: one that two plugins share leads back to each of them."""
    distinct: list[tuple[Call, Step]] = []
    for call, step in compiled:
        shared = any(call == other for other, _ in distinct)
        distinct.append((partial(call) if shared else call, step))
    return distinct


@dataclass(slots=True)
class Impl:
    """The implementations of one plugin: by hook, in the order in which they are called."""

    plugin: str
    described: str
    hooks: dict[str, tuple[Callable[..., Any], ...]] = field(default_factory=dict)


class PipelineFactory:
    """Makes pipelines, the same one for the same hooks."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], Pipeline] = {}

    def make(self, members: Sequence[tuple[Impl, Mapping[str, Iterable[Callable[..., Any]]]]]) -> Pipeline:
        """The pipeline of these plugins, outermost first, each with its hooks for one route."""
        key = tuple(
            (impl.plugin, tuple((hook, tuple(map(identity, of[hook]))) for hook in ROUTE_HOOKS if of.get(hook)))
            for impl, of in members
        )
        pipeline = self._made.get(key)
        if pipeline is None:
            pipeline = self._made[key] = Pipeline({hook: _ordered(hook, members) for hook in ROUTE_HOOKS})
        return pipeline

    def __len__(self) -> int:
        return len(self._made)

    def __iter__(self) -> Iterator[Pipeline]:
        return iter(self._made.values())


def identity(function: Callable[..., Any]) -> tuple[int, ...]:
    """What tells functions apart, hashable or not; pipelines keep their functions, so no identity is used again.

    Each access to a method makes a new object, and they are the same.
    """
    if isinstance(function, MethodType):
        return id(function.__self__), id(function.__func__)
    return (id(function),)


def _ordered(
    hook: str, members: Sequence[tuple[Impl, Mapping[str, Iterable[Callable[..., Any]]]]]
) -> tuple[tuple[Call, Step], ...]:
    outside_in = hook in OUTSIDE_IN
    return tuple(
        compile_hook(hook, function, impl)
        for impl, hooks in (members if outside_in else reversed(members))
        for function in hooks.get(hook, ())
    )


def route_hooks(hooks: RouteHooks) -> dict[str, tuple[Callable[..., Any], ...]]:
    """What a `route` hook returned, by hook."""
    return {hook: getattr(hooks, hook) for hook in ROUTE_HOOKS if getattr(hooks, hook)}


def compile_hook(hook: str, function: Callable[..., Any], impl: Impl) -> tuple[Call, Step]:
    """Bind ``function`` to the positions of the hook's arguments, and say who stands behind it."""
    return _bound(function, ARGUMENTS[hook]), Step(hook, impl.plugin, impl.described, is_async(function))


def lint_signature(hook: str, function: Callable[..., Any], described: str) -> list[str]:
    """The problems of one implementation: what pluggy lets through, and what would fail at the first request."""
    spec = ARGUMENTS.get(hook)
    where = f"{described}: {getattr(function, '__qualname__', function)!s}"
    if spec is None:
        guess = get_close_matches(hook, ARGUMENTS, 1)
        return [f"{where} implements the unknown hook {hook!r}{_did_you_mean(guess)}; hooks are {', '.join(ARGUMENTS)}"]
    try:
        parameters = signature_of(function).parameters.values()
    except (TypeError, ValueError):
        return [f"{where} has no signature that can be read; give a function that calls it"]
    problems = [f"{where} {problem}" for problem in _generator_problems(hook, function)]
    for parameter in parameters:
        problem = _PARAMETER_PROBLEMS.get(parameter.kind)
        if problem is not None:
            problems.append(f"{where} takes {parameter}: {problem}; hook {hook!r} offers ({', '.join(spec)})")
        elif parameter.name not in spec:
            guess = get_close_matches(parameter.name, spec, 1)
            problems.append(
                f"{where} takes {parameter.name!r}, which hook {hook!r} does not offer{_did_you_mean(guess)}; "
                f"expected any of ({', '.join(spec)})"
            )
    if hook in SYNC_ONLY and is_async(function):
        problems.append(f"{where} is `async def`, but hook {hook!r} is synchronous; {_SYNC_ADVICE.get(hook, _USE_DEF)}")
    return problems


def _generator_problems(hook: str, function: Callable[..., Any]) -> Iterator[str]:
    """A generator runs only when it is iterated, which nobody does: `routes` is the one hook that may be one."""
    kind = (
        "an async generator"
        if inspect.isasyncgenfunction(function)
        else "a generator"
        if inspect.isgeneratorfunction(function) and hook != "routes"
        else None
    )
    if kind is not None:
        advice = "decorate it with @asynccontextmanager" if hook == "lifespan" else "take the `yield` out"
        yield f"is {kind}, which hook {hook!r} never iterates; {advice}"


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """What ``function`` really takes: that of what it wraps only where it passes all arguments on.

    Raises TypeError or ValueError where there is none.
    """
    own = inspect.signature(function, follow_wrapped=False)
    passes_on = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in own.parameters.values())
    return inspect.signature(function) if passes_on else own


def _bound(function: Callable[..., Any], spec: tuple[str, ...]) -> Callable[..., Any]:
    names = tuple(signature_of(function).parameters)
    if names == spec:
        return function
    if len(spec) == 1:
        return lambda _: function()
    first, _second = spec
    return _TWO_ARGUMENTS[tuple(name == first for name in names)](function)


def _did_you_mean(guesses: Sequence[str]) -> str:
    return f" (did you mean {guesses[0]!r}?)" if guesses else ""


# How a hook of two arguments calls a function that names some of them: for each name, whether it is the first argument.
_TWO_ARGUMENTS: Mapping[tuple[bool, ...], Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    (): lambda function: lambda _first, _second: function(),
    (True,): lambda function: lambda first, _second: function(first),
    (False,): lambda function: lambda _first, second: function(second),
    (False, True): lambda function: lambda first, second: function(second, first),
}

_USE_DEF = "declare it with `def`"
_SYNC_ADVICE: Mapping[str, str] = {
    "lifespan": "decorate it with @asynccontextmanager, and `yield` where the application serves"
}

_PARAMETER_PROBLEMS: Mapping[Any, str] = {
    inspect.Parameter.KEYWORD_ONLY: "keyword-only arguments are never given",
    inspect.Parameter.POSITIONAL_ONLY: "arguments are given by name, so none is positional-only",
    inspect.Parameter.VAR_KEYWORD: "`**` arguments are never filled",
    inspect.Parameter.VAR_POSITIONAL: "`*` arguments are never filled",
}

"""What looks like a hook is called or refused, and a plugin's wishes are names or a problem that names the plugin."""

import functools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest

from pegboard import Pegboard, Plugin, hookimpl
from pegboard.discovery import Found
from pegboard.exceptions import ConfigurationError
from pegboard.linting import Wishes, lint, marks_of, read_wishes


def found(plugin: Any) -> Found:
    return Found("culprit", plugin, "acme", "1.0", "given in code")


def problems_of(**attributes: Any) -> list[str]:
    """The problems of a plugin with these attributes, which are marked by whoever gives them."""
    plugin = type("Culprit", (Plugin,), {"name": "culprit", **attributes})()
    problems = lint(found(plugin), list(marks_of(plugin)))
    assert all(problem.startswith("plugin 'culprit' (acme 1.0)") for problem in problems)
    return problems


def request(self: Any, request: Any) -> None: ...


# What type checkers would not let through.
mark: Any = hookimpl


class Called:
    def __call__(self, request: Any) -> None: ...


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ({"request": request}, "'request' is named like a hook but not marked"),
        ({"request": staticmethod(request)}, "'request' is named like a hook but not marked"),
        ({"request": functools.partialmethod(request)}, "'request' is named like a hook but not marked"),
        ({"setup": Called()}, "'setup' is named like a hook but not marked"),
        ({"request": mark(functools.partial(request))}, "a partial cannot be a hook"),
        ({"request": mark(functools.partialmethod(request))}, "a partialmethod cannot be a hook"),
        ({"request": mark(functools.cache(request))}, "a _lru_cache_wrapper cannot be a hook"),
        ({"request": mark(Called())}, "a Called cannot be a hook"),
        ({"Settings": 3}, "Settings must be a class derived from"),
    ],
)
def test_what_would_never_be_called_is_refused(attributes: dict[str, Any], problem: str) -> None:
    (found,) = problems_of(**attributes)
    assert problem in found


def test_an_override_without_the_mark_is_refused_whatever_it_is_called() -> None:
    class Base(Plugin):
        name = "culprit"

        @hookimpl(specname="request")
        def look(self, request: Any) -> None: ...

    class Derived(Base):
        def look(self, request: Any) -> None: ...

    (problem,) = lint(found(Derived()), list(marks_of(Derived())))
    assert "'look' overrides a hook without @hookimpl and would never be called" in problem


def test_what_is_no_method_may_be_called_like_a_hook() -> None:
    """None, in a subclass, takes a hook away on purpose."""
    assert problems_of(routes=["/a"], error=None, _request=request) == []


def test_a_property_is_not_asked() -> None:
    def fails(self: Any) -> None:
        raise KeyError("asked")

    assert problems_of(anything=property(fails)) == []


async def agen(self: Any) -> AsyncIterator[None]:
    yield


def gen(self: Any) -> Any:
    yield


def wraps(function: Callable[..., Any], wrapper: Callable[..., Any]) -> Callable[..., Any]:
    return functools.wraps(function)(wrapper)


def respond(self: Any, request: Any, response: Any) -> None: ...


@pytest.mark.parametrize(
    ("hook", "function", "problem"),
    [
        ("request", agen, "is an async generator, which hook 'request' never iterates; take the `yield` out"),
        ("lifespan", agen, "is an async generator, which hook 'lifespan' never iterates; decorate it with @async"),
        ("setup", gen, "is a generator, which hook 'setup' never iterates"),
        ("request", lambda self, request, /: None, "arguments are given by name, so none is positional-only"),
        ("response", wraps(respond, lambda self, req: None), "takes 'req', which hook 'response' does not offer"),
    ],
)
def test_functions_that_cannot_be_called_as_hooks_are_refused(hook: str, function: Any, problem: str) -> None:
    problems = problems_of(**{hook: hookimpl(function)})
    assert any(problem in each for each in problems)


@pytest.mark.parametrize(
    ("hook", "function"),
    [
        ("routes", gen),
        ("lifespan", asynccontextmanager(agen)),
        ("response", wraps(respond, lambda *args, **kwargs: None)),
        ("response", wraps(respond, lambda self, response: None)),
    ],
)
def test_functions_that_can_be_called_as_hooks_are_not(hook: str, function: Any) -> None:
    assert problems_of(**{hook: hookimpl(function)}) == []


def test_a_setup_hook_in_a_wrapper_without_keywords_is_called() -> None:
    seen: list[Any] = []

    def setup(self: Any, board: Any) -> None:
        seen.append(board)

    @functools.wraps(setup)
    def passes_on(*args: Any) -> None:
        setup(*args)

    plugin = type("Wrapped", (Plugin,), {"name": "w", "setup": hookimpl(passes_on)})
    board = Pegboard(plugins=[plugin])
    board.freeze()
    assert seen == [board]


def test_wishes_are_read() -> None:
    plugin = type("Asks", (Plugin,), {"phase": "guard", "before": ["b"], "after": {"a"}, "provides": ("p",)})()
    assert read_wishes(found(plugin)) == (Wishes("guard", ("b",), ("a",), ("p",), ()), [])


@pytest.mark.parametrize("key", ["before", "after", "provides", "requires"])
@pytest.mark.parametrize(
    ("given", "got"),
    [
        ("cors", "= 'cors'; write {key} = (\"cors\",)"),
        (None, "got NoneType"),
        (3, "got int"),
        ({"cors": 1}, "got dict"),
        (["cors", 3], "got one that holds int, str"),
    ],
)
def test_wishes_that_are_no_names_are_refused(key: str, given: Any, got: str) -> None:
    wishes, (problem,) = read_wishes(found(type("Asks", (Plugin,), {key: given})()))
    assert wishes == Wishes()
    assert problem.startswith(f"plugin 'culprit' (acme 1.0): `{key}` is a sequence of names; got ")
    assert got.format(key=key) in problem


def test_a_module_is_named_as_such() -> None:
    module = ModuleType("acme_module")
    vars(module).update(name="of-module", request=request)
    with pytest.raises(ConfigurationError, match=r"plugin 'of-module' \(acme_module\): 'request' is named like a hook"):
        Pegboard(plugins=[module]).freeze()

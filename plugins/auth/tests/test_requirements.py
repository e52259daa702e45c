"""What is asked of callers, and the decorators."""

import inspect
from functools import partial, wraps
from typing import Any

import pytest

from pegboard.requests import Request
from pegboard_auth.identity import ANONYMOUS, Access, User
from pegboard_auth.requirements import Requirement, is_public, public, requirements_of, requires


def access(scopes: str = "", roles: str = "") -> Access:
    return Access(User("ann"), "bearer", scopes.split(), roles.split())


@pytest.mark.parametrize(
    ("requirement", "given", "lacking"),
    [
        (Requirement.make(), access(), ""),
        (Requirement.make(["a"]), access("a b"), ""),
        (Requirement.make(["a", "b", "c"]), access("b"), "scope a, c"),
        (Requirement.make(roles=["x", "y"]), access(roles="y z"), ""),
        (Requirement.make(roles=["x", "y"]), access(roles="z"), "role x or y"),
        (Requirement.make(roles=["x"]) + Requirement.make(roles=["y"]), access(roles="x"), "role y"),
        (Requirement.make(["a"]) + Requirement.make(["b"]), access("a"), "scope b"),
        (Requirement.make(["authenticated"]), access(), ""),
        (Requirement.make(["A"]), access("a"), "scope A"),
        (Requirement.make(["a"]), ANONYMOUS, "scope a"),
    ],
)
def test_all_scopes_and_one_role_of_each_group_are_asked(requirement: Requirement, given: Access, lacking: str) -> None:
    assert requirement.lacking(given) == lacking


def test_requirements_add_up() -> None:
    both = Requirement.make(["a"], ["x"], ["p"]) + Requirement.make(["b"], ["x"], ["q", "p"])
    assert both == Requirement(frozenset("ab"), (frozenset("x"),), ("p", "q"))


async def page(request: Request) -> str:
    return "page"


def test_an_endpoint_tells_what_it_requires_through_partials_methods_and_other_decorators() -> None:
    class Pages:
        @requires("a")
        async def page(self, request: Request) -> str:
            return "page"

    guarded = requires("a", "b", roles="x", policy=["p"])(requires(["c"])(page))

    @wraps(guarded)
    async def wrapped(request: Request) -> Any:
        return await guarded(request)

    expected = (Requirement.make(["c"]), Requirement.make(["a", "b"], ["x"], ["p"]))
    assert requirements_of(guarded) == requirements_of(wrapped) == requirements_of(partial(guarded)) == expected
    assert requirements_of(Pages().page) == (Requirement.make(["a"]),)
    assert requirements_of(page) == ()
    assert inspect.iscoroutinefunction(guarded)
    assert guarded.__name__ == "page"


class HasEverything:
    """An object that has every attribute, as proxies and mocks do."""

    def __getattr__(self, name: str) -> Any:
        return True


def test_only_a_mark_on_the_endpoint_itself_makes_it_public() -> None:
    @public
    class Open:
        pass

    class Closed(Open):
        pass

    @public
    async def home(request: Request) -> str:
        return "home"

    assert is_public(Open)
    assert is_public(home)
    assert is_public(partial(home))
    assert not is_public(Closed)
    assert not is_public(HasEverything())
    assert not is_public(page)
    assert requirements_of(HasEverything()) == ()


def test_public_and_required_contradict_each_other_in_either_order() -> None:
    async def other(request: Request) -> str:
        return "other"

    with pytest.raises(TypeError, match="public and requires"):
        public(requires("a")(other))
    with pytest.raises(TypeError, match="public and requires"):
        requires("a")(public(other))


def no_arguments() -> str:
    return ""


@pytest.mark.parametrize("endpoint", [HasEverything, HasEverything(), no_arguments])
def test_what_cannot_be_guarded_is_refused_with_advice(endpoint: Any) -> None:
    with pytest.raises(TypeError, match=r"plugins=|takes no request"):
        requires("a")(endpoint)


@pytest.mark.parametrize("word", ["", "a b", "a\n", ["a", ""]])
def test_what_is_no_scope_is_refused(word: Any) -> None:
    with pytest.raises(TypeError, match="word without blanks"):
        requires(word)


@pytest.mark.anyio
@pytest.mark.parametrize("scope", [{}, {"user": User("ann"), "auth": access("a")}])
async def test_an_endpoint_that_requires_is_never_run_without_the_plugin(scope: dict[str, Any]) -> None:
    calls = []

    @requires("a")
    async def later(request: Request) -> None:
        calls.append(request)

    @requires("a")
    def at_once(request: Request) -> None:
        calls.append(request)

    request = Request({"type": "http", "headers": [], **scope})
    with pytest.raises(RuntimeError, match="no auth plugin has looked at this connection"):
        await later(request)
    with pytest.raises(RuntimeError, match="no auth plugin has looked at this connection"):
        await later(request=request)
    with pytest.raises(RuntimeError, match="no auth plugin has looked at this connection"):
        at_once(request)
    assert not calls

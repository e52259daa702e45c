"""What is asked of callers, as a value."""

import pytest

from pegboard_auth.identity import ANONYMOUS, Access, User
from pegboard_auth.requirements import Requirement


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


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        (Requirement(), "known callers"),
        (
            Requirement.make(["b", "a"], ["y", "x"], ["p"]),
            "known callers with scope a, scope b, role x or y, policy p",
        ),
    ],
)
def test_a_requirement_is_shown_in_words(requirement: Requirement, words: str) -> None:
    assert str(requirement) == words

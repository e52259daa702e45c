"""Plugins stand in an order that everyone can predict, and each place has a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.ordering import Peg, arrange
from pegboard.plugin import PHASES


def names(pegs: list[Peg], owner: tuple[str, ...] = ()) -> list[str]:
    places, problems = arrange(pegs, owner)
    assert problems == []
    return [place.name for place in places]


def test_phases_come_first_and_then_names() -> None:
    pegs = [Peg("b", "content"), Peg("z", "observe"), Peg("a", "content"), Peg("m", "guard"), Peg("i", "identify")]
    assert names(pegs) == ["z", "m", "i", "a", "b"]


def test_before_and_after_decide_inside_a_phase() -> None:
    pegs = [Peg("a", "guard", after=["c"]), Peg("b", "guard"), Peg("c", "guard"), Peg("d", "guard", before=["b"])]
    assert names(pegs) == ["c", "a", "d", "b"]


def test_absent_neighbours_are_ignored() -> None:
    assert names([Peg("a", "guard", before=["gone"], after=["away"])]) == ["a"]


def test_the_owner_refills_the_places_of_the_plugins_listed() -> None:
    pegs = [Peg("log", "observe"), Peg("cors", "guard"), Peg("auth", "identify"), Peg("gzip", "content")]
    assert names(pegs, ("gzip", "cors")) == ["log", "gzip", "auth", "cors"]


def test_the_owner_goes_before_a_plugins_own_wish() -> None:
    assert names([Peg("a", "guard", before=["b"]), Peg("b", "guard")], ("b", "a")) == ["b", "a"]


def test_every_place_tells_its_reason() -> None:
    places, _ = arrange(
        [Peg("a", "guard"), Peg("b", "guard", after=["a"]), Peg("c", "app"), Peg("d", "app")], ("d", "c")
    )
    assert [(place.name, place.reason) for place in places] == [
        ("a", "phase guard, by name"),
        ("b", "phase guard, inside a"),
        ("d", "owner's order: d, c"),
        ("c", "owner's order: d, c"),
    ]


def test_a_cycle_is_shown_as_a_path_with_whoever_said_so() -> None:
    pegs = [
        Peg("a", "guard", before=["b"]),
        Peg("b", "guard", before=["c"]),
        Peg("c", "guard", before=["a"]),
        Peg("d", "guard"),
    ]
    _, problems = arrange(pegs)
    assert problems == [
        (
            "the plugins of phase 'guard' cannot be ordered: a -> b -> c -> a is a cycle ('a' says before='b'; "
            "'b' says before='c'; 'c' says before='a'); remove one of these constraints"
        )
    ]


def test_a_plugin_that_names_itself_is_a_cycle() -> None:
    _, problems = arrange([Peg("a", "guard", after=["a"])])
    assert "a -> a is a cycle ('a' says after='a')" in problems[0]


def test_a_wish_against_the_phases_is_refused() -> None:
    _, problems = arrange([Peg("gzip", "content", before=["cors"]), Peg("cors", "guard")])
    assert problems == [
        (
            "plugin 'gzip' (phase 'content') says before='cors', but 'cors' is of phase 'guard', and phases come "
            "first; change the phase, or use the owner's `order`"
        )
    ]


def test_an_unknown_phase_and_a_repeated_name_are_refused_together() -> None:
    _, problems = arrange([Peg("a", "middle"), Peg("b", "app")], ("b", "b"))
    assert problems == [
        "plugin 'a' says phase='middle'; expected one of observe, guard, identify, content, app",
        "order names 'b' 2 times; expected once",
    ]


words = st.sampled_from("abcdefgh")
pegs_strategy = st.lists(
    st.builds(Peg, words, st.sampled_from(PHASES), st.lists(words, max_size=2), st.lists(words, max_size=2)),
    unique_by=lambda peg: peg.name,
)


@given(pegs_strategy, st.randoms())
def test_the_order_of_discovery_never_matters(pegs: list[Peg], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(pegs)
    random.shuffle(shuffled)
    places, problems = arrange(pegs)
    again, problems_again = arrange(shuffled)
    assert places == again
    assert sorted(problems) == sorted(problems_again)


@given(pegs_strategy)
def test_without_problems_every_constraint_holds(pegs: list[Peg]) -> None:
    places, problems = arrange(pegs)
    assert sorted(place.name for place in places) == sorted(peg.name for peg in pegs)
    if problems:
        return
    position = {place.name: index for index, place in enumerate(places)}
    for peg in pegs:
        assert all(position[peg.name] < position[other] for other in peg.before if other in position)
        assert all(position[peg.name] > position[other] for other in peg.after if other in position)


@pytest.mark.parametrize("owner", [("gone",), ("gone", "a")])
def test_names_of_the_owner_that_are_not_here_change_nothing(owner: tuple[str, ...]) -> None:
    assert names([Peg("a", "guard"), Peg("b", "guard")], owner) == ["a", "b"]

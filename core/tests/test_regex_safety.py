"""The analysis is never too optimistic about a backtracking matcher, and passes what people write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pegboard.regex_safety import RegexError, inspect_regex
from pegboard.regex_syntax import Chain, Chars, Choice, Look, Node, Repeat, read_regex

EXPONENTIAL = [
    r"(a+)+",
    r"(?:a|a)*",
    r"(?:a|ab|b)*c",
    r"(?:\w+\s?)*x",
    r"(?:a*)*",
    r"(?:a?b?)*c",
    r"(?:[a-z]{1,20})*",
    r"(?:\w+){1,30}",
    r"(?:a|a){30}",
    r"(?:a|b*)*c",
    r"(?i:(?:a|A)+)x",
    r"(?:.*,)*x",
    r"(?:[a-z0-9]+-?)+",
    r"(?:aa|aaa)*",
    r"(?=(?:a+)+b)a",
    r"(?:é|\w)*x",
    r"(?:a?){26}b",
    r"(?:a|){30}b",
    r"(?:a??){30}b",
    r"(?:(?!x)|a){30}b",
    r"(?:a?){30,}b",
    r"(?:(?:a?){2}){2}b",
    r"(?:\b|a){30}b",
    r"(?:a(?:b?)?)*x",
    r"(?:a(?:b*)?)*x",
    r"(?:a(?=a)?)*x",
    "a?" * 20 + "b",
    "[a-z]?" * 9 + "[a-z0-9]?",
    "(?:a?)?" * 20 + "b",
    "(?:a?|b?)" * 20 + "c",
    "(?:a|aa)" * 20 + "b",
    "(?:ab?|a)(?:b|)" * 12 + "c",
    "(?:ab|a|abc)(?:c|bc|)" * 9 + "d",
    "(?=" + "a?" * 20 + "b)a",
    "(?=a?a?a?a?a?a?b)(?=a?a?a?a?a?a?b)a?a?a?a?a?a?b",
    "a?" * 12 + "a*b",
    "x*" + "a?" * 12 + "b",
]

LINEAR = [
    "",
    r"[A-Z]{3}",
    r"[a-z0-9]+(?:-[a-z0-9]+)*",
    r"(?:[0-9a-f]{2})+",
    r"(?:[0-9a-f]{2}){4,16}",
    r"(?:a{0,2}b)*",
    r"v?\d+(?:\.\d+){0,2}",
    r"(?!admin)[a-z]+",
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(\.\d+)?",
    r"(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}",
    r"https://(?:[a-z0-9-]+\.)*example\.org(?::\d+)?",
    r"a{}|x{,}y|[\]a]+]|\N{DIGIT ONE}+\x41",
    r"(?>a+)b|c++d",
    r"(?:a?){0,40}b",
    r"(?:a(?:b|c|)(?:d|))*x",
    r"\d?\d?\d?\d?\d?\d?",
    r"[a-z]?[0-9]?[a-z]?[0-9]?[a-z]?[0-9]?",
    r"-?" * 5 + "[0-9]",
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day(?:,(?:mon|tues|wednes|thurs|fri|satur|sun)day)*",
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:-(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)){1,3}",
    r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:-(?:[0-9a-z-]+)(?:\.[0-9a-z-]+)*)?",
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[1-5][0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}",
    r"P(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+S)?)?",
    r"\d{4}(?:-?\d{2}(?:-?\d{2})?)?",
    r"(?:ab|a)(?:c|bc|b)?(?:d|cd)?",
    r"#(?:[0-9a-f]{3}){1,2}",
    r"[A-Z]{2}[A-Z0-9]{4}[0-9]{7}[A-Z0-9]{0,16}",
    "|".join(f"country{number}|land-{number:03}" for number in range(12)),
    r"(?:a?){1}b",
]


@pytest.mark.parametrize("source", EXPONENTIAL)
def test_exponential_expressions_are_refused(source: str) -> None:
    with pytest.raises(RegexError, match="exponential") as caught:
        inspect_regex(source)
    assert 0 <= caught.value.position < len(source)


@pytest.mark.parametrize("source", LINEAR)
def test_everyday_expressions_are_linear(source: str) -> None:
    assert inspect_regex(source).growth == 1


@pytest.mark.parametrize(
    ("source", "growth"),
    [
        (r"[a-z]+-?[a-z]+", 2),
        (r".*/.*/.*/x", 3),
        (r"[^/]+-[^/]+-[0-9]+", 2),
        (r"(?=.*x)[a-z]+", 2),
        (r"a*b+a*", 1),
        (r"a*b*a*", 2),
    ],
)
def test_loops_in_a_row_that_share_a_text_add_up(source: str, growth: int) -> None:
    assert inspect_regex(source).growth == growth


@pytest.mark.parametrize(
    "source",
    [r"(a)\1", r"(?P<x>a)(?P=x)", r"(?i)a", r"(?x: a)", "(", r"(a)?(?(1)b|c)", r"a(?#b)*", "(" * 3000 + ")" * 3000],
)
def test_what_cannot_be_analysed_is_refused(source: str) -> None:
    with pytest.raises(RegexError):
        inspect_regex(source)


def test_a_huge_expression_is_refused_and_not_analysed_for_ever() -> None:
    with pytest.raises(RegexError, match="too large"):
        inspect_regex("(?:a|b)" * 500)


@pytest.mark.parametrize(
    ("source", "char", "expected"),
    [
        ("[^/]+", "/", False),
        (r"\w+", "/", False),
        (r"\S+", "/", True),
        (".", "/", True),
        (r"a\x2fb", "/", True),
        (r"[+-0]", "/", True),
        (r"a(?!b/)c", "/", True),
        (r"\w", "é", True),
        ("[a-z]", "é", False),
        ("(?i:k)", "\u212a", True),
        (".", "\n", False),
        ("(?s:.)", "\n", True),
        ("(?s:(?-s:.))", "\n", False),
    ],
)
def test_the_alphabet_says_which_characters_can_take_part(source: str, char: str, expected: bool) -> None:
    assert inspect_regex(source).may_contain(char) is expected


def test_anchors_and_named_groups_are_reported_with_their_places() -> None:
    facts = inspect_regex(r"ab(?P<n>c)\Z$")
    assert (facts.named_group_at, facts.anchor_at) == (2, 10)
    assert inspect_regex(r"[\^$]\$\^\bx").anchor_at is None


class TooManySteps(Exception):
    """The simulated matcher went beyond its budget."""


class Backtracker:
    """Counts what a backtracking matcher does when no way through the expression is good enough."""

    def __init__(self, text: str, budget: int) -> None:
        self.text = text
        self.budget = budget

    def ends(self, node: Node, at: int) -> Iterator[int]:
        self.budget -= 1
        if self.budget < 0:
            raise TooManySteps
        match node:
            case Chars():
                if at < len(self.text) and node.mask >> ord(self.text[at]) & 1:
                    yield at + 1
            case Chain():
                yield from self.chain(node.items, at)
            case Choice():
                for option in node.options:
                    yield from self.ends(option, at)
            case Repeat():
                yield from self.repeat(node.body, node.low, node.high, at)
            case Look():
                yield at

    def chain(self, items: tuple[Node, ...], at: int) -> Iterator[int]:
        if not items:
            yield at
            return
        for middle in self.ends(items[0], at):
            yield from self.chain(items[1:], middle)

    def repeat(self, body: Node, low: int, high: int | None, at: int) -> Iterator[int]:
        if high != 0:
            for middle in self.ends(body, at):
                if middle > at or low:
                    yield from self.repeat(body, max(low - 1, 0), None if high is None else high - 1, middle)
                else:
                    yield at  # a round that took nothing is the last one, and yet a way of its own
        if low == 0:
            yield at


QUANTIFIERS = ["*", "+", "?", "{2}", "{1,3}", "{12}", "{9,}"]

PIECES = st.recursive(
    st.sampled_from(["a", "b", "c", "[ab]", "[bc]", "."]),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.lists(inner, min_size=2, max_size=3).map(lambda options: f"(?:{'|'.join(options)})")
        | st.tuples(inner, st.sampled_from(QUANTIFIERS)).map(lambda pair: f"(?:{pair[0]}){pair[1]}")
        | st.tuples(inner, st.sampled_from(["", "?"]), st.integers(2, 12)).map(lambda of: f"(?:{of[0]}){of[1]}" * of[2])
    ),
    max_leaves=6,
)


LENGTHS = {1: 30, 2: 20, 3: 8}
"""For each growth, how long a text may be for `PATIENCE` to tell whether more steps are taken than it allows."""

PATIENCE = 2_000_000
"""Steps that a test takes at most."""


@settings(max_examples=300, deadline=None)
@given(PIECES, st.text("abc", min_size=1, max_size=3))
def test_an_expression_that_passes_takes_no_more_steps_than_its_growth_allows(source: str, pumped: str) -> None:
    try:
        growth = inspect_regex(source).growth
    except RegexError:
        return
    text = (pumped * 30)[: LENGTHS.get(growth, 3)]
    allowed = 3000 * len(text) ** growth
    matcher = Backtracker(text, min(allowed, PATIENCE))
    try:
        for _ in matcher.ends(read_regex(source).tree, 0):
            pass
    except TooManySteps:
        # A high growth allows more than anybody could wait for.
        assert allowed > PATIENCE

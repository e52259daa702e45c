"""Additions to configuration files change what they should, and nothing else."""

import tomllib
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, field

from pegboard.cli.adding import add_section, add_to_list, section_text
from pegboard.cli.failures import Refused
from pegboard.settings import Settings


class Inner(Settings, frozen=True, kw_only=True):
    """A table within."""

    deep: int = 1


class Sample(Settings, frozen=True, kw_only=True):
    """What the sample does.

    And more about it.
    """

    needed: str
    rate: Annotated[float, Meta(description="How often, per second")] = 1.5
    words: tuple[str, ...] = ("a", 'b"')
    maybe: int | None = None
    inner: Inner | None = None
    table: dict[str, int] = field(default_factory=dict)


SECTION = """[sample]
# What the sample does.

# needed = ...   (must be given)

# How often, per second
# rate = 1.5

# words = ["a", "b\\""]

# maybe = ...   (left out by default)

# inner = ...   (left out by default)

# table = {}
"""


def test_a_section_shows_every_setting_as_a_comment() -> None:
    assert section_text("sample", Sample) == SECTION
    assert section_text("sample", Sample, ("tool", "pegboard")).startswith("[tool.pegboard.sample]\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plugins = []", 'plugins = ["new"]'),
        ('plugins = ["a"]', 'plugins = ["a", "new"]'),
        ("plugins = ['a', 'b'] # ]", "plugins = ['a', 'b', \"new\"] # ]"),
        ('plugins = ["a]", "b"]\nx = [1]\n', 'plugins = ["a]", "b", "new"]\nx = [1]\n'),
        ('x = [1]\nplugins = [\n    "a",\n]\n', 'x = [1]\nplugins = [\n    "a",\n    "new",\n]\n'),
        ('plugins = [\n    "a"\n]\n', 'plugins = [\n    "a",\n    "new",\n]\n'),
    ],
)
def test_a_name_goes_to_the_end_of_the_list(text: str, expected: str) -> None:
    assert add_to_list(text, "new") == expected


@given(
    st.lists(st.text(st.characters(codec="ascii", exclude_characters='"\\', categories=["L", "N", "P"]), max_size=4)),
    st.sampled_from([", ", ",\n", " ,\t"]),
    st.sampled_from(["", "\n", " ", "\n# ] a comment\n"]),
)
def test_a_list_of_any_layout_gets_the_name_and_keeps_the_rest(names: list[str], comma: str, edge: str) -> None:
    text = f"before = [1, [2]]\nplugins = [{edge}{comma.join(f'{chr(34)}{name}{chr(34)}' for name in names)}{edge}]\n"
    changed = tomllib.loads(add_to_list(text, "new"))
    assert changed == {"before": [1, [2]], "plugins": [*names, "new"]}


def test_a_section_that_would_change_something_else_is_refused() -> None:
    with pytest.raises(Refused, match="add it by hand"):
        add_section("sample = 1\n", "sample", SECTION)


def test_a_list_that_is_no_list_of_its_own_is_found_where_it_is() -> None:
    text = "[tool]\npegboard = { plugins = ['a'] }\n"
    assert tomllib.loads(add_to_list(text, "new", ("tool", "pegboard")))["tool"]["pegboard"]["plugins"] == ["a", "new"]

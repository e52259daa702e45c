"""Plugins by reference, and what cannot be read of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pegboard import references
from pegboard.references import import_place, name_of, nameless, reference_to, resolve

Write = Callable[..., None]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a module that can be imported during the test."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)

    return write


def test_a_reference_leads_to_a_module_an_attribute_or_one_of_its_own(module: Write) -> None:
    module("referred_to", "class Outer:\n    class Inner: ...\n")
    assert resolve("referred_to").__name__ == "referred_to"
    assert resolve("referred_to:Outer").__qualname__ == "Outer"
    assert resolve("referred_to:Outer.Inner").__qualname__ == "Outer.Inner"


@pytest.mark.parametrize(
    ("reference", "error"), [("no_such_module_here:A", ModuleNotFoundError), ("sys:no_such_name", AttributeError)]
)
def test_what_a_reference_does_not_find_is_raised(reference: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        resolve(reference)


def test_a_thing_has_the_reference_that_leads_back_to_it() -> None:
    assert reference_to(references) == "pegboard.references"
    assert resolve(reference_to(Path)) is Path
    assert reference_to(ValueError()) == "builtins:ValueError"


def test_the_name_of_a_plugin_is_what_it_says_or_what_reading_it_raised() -> None:
    class Fails:
        @property
        def name(self) -> str:
            raise LookupError("gone")

    assert name_of(type("Named", (), {"name": "cors"})()) == "cors"
    assert name_of(object()) is None
    assert isinstance(name_of(Fails()), LookupError)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        (None, "has no attribute `name`"),
        ("", "has an empty `name`"),
        (3, "has a `name` that is no text (int)"),
        (LookupError("gone"), "has an attribute `name` that cannot be read (LookupError: gone)"),
    ],
    ids=["none", "empty", "a number", "an error"],
)
def test_what_is_wrong_with_a_name_is_told(name: Any, wrong: str) -> None:
    assert nameless(name) == wrong


def test_the_place_of_a_failing_import_is_in_the_code_that_fails(module: Write, tmp_path: Path) -> None:
    module("fails_inside", "x = 1\nraise RuntimeError('no')\n")
    module("imports_it", "\n\nimport fails_inside\n")
    with pytest.raises(RuntimeError) as caught:
        resolve("imports_it:A")
    assert import_place(caught.value) == f" ({tmp_path / 'fails_inside.py'}, line 2)"


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert import_place(ValueError()) == ""

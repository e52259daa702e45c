"""Instructions are counted where valgrind is; where it is not, the report says why there are none."""

from __future__ import annotations

import shutil

import pytest
from benchmarks import instructions


def test_without_valgrind_every_row_says_why_it_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name of the package that has it."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    rows, skipped = instructions.measure(frozenset({"Pegboard"}))
    assert rows == []
    assert [(each.case, each.peer) for each in skipped] == [("instructions", "Pegboard")] * 4
    assert {each.reason for each in skipped} == {"valgrind is not installed (Debian's package: valgrind)"}

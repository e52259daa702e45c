from __future__ import annotations

from collections.abc import Iterator

import pytest

from pegboard.settings import Invalid, Settings


class Range(Settings, frozen=True, kw_only=True):
    low: int = 0
    high: int = 10

    def check(self) -> Iterator[tuple[str, str]]:
        if self.low < 0:
            yield "low", "must not be negative"
        if self.high < self.low:
            yield "high", f"must be at least low ({self.low})"


def test_settings_without_a_check_take_any_values() -> None:
    class Plain(Settings, frozen=True, kw_only=True):
        size: int = 1

    assert Plain(size=5).size == 5


def test_all_that_a_check_yields_is_raised_together() -> None:
    with pytest.raises(Invalid) as caught:
        Range(low=-1, high=-2)
    assert caught.value.problems == (
        ("low", "must not be negative"),
        ("high", "must be at least low (-1)"),
    )


def test_settings_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Range().low = 5  # type: ignore[misc]

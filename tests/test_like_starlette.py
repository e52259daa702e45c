"""What Starlette's documentation shows, done anew under either framework's names: the same comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import uses_of_messages  # noqa: F401  importing notes the uses
import uses_of_the_rest  # noqa: F401
from both_frameworks import USES, Kit, kits


@pytest.mark.parametrize("do", USES, ids=[do.__name__ for do in USES])
def test_the_same_comes_of_it(do: Callable[[Kit], Any]) -> None:
    theirs, ours = (do(kit) for kit in kits)
    assert ours == theirs

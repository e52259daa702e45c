"""Public suffixes come from the packaged list."""

from __future__ import annotations

import pytest

from pegboard_cors.suffixes import is_public_suffix


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("com", True),
        ("co.uk", True),
        ("github.io", True),
        ("kawasaki.jp", True),
        ("anything.kawasaki.jp", True),
        ("city.kawasaki.jp", False),
        ("xn--p1ai", True),
        ("unheard-of-label", True),
        ("example.com", False),
        ("example.co.uk", False),
        ("dev.internal", False),
        ("localhost", False),
    ],
)
def test_names_under_which_strangers_register_are_public(name: str, expected: bool) -> None:
    """Registries, platforms, wildcards and exceptions of the list, unknown single labels, and localhost."""
    assert is_public_suffix(name) is expected

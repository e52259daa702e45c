"""What clients call themselves, as text: made once for each program, and shared by all entries that wait.

A few programs make most requests. Whoever sends another name each time makes the table begin anew, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["UserAgents"]

MAX_SIZE = 512
LONGEST = 512
"""How many names are kept, and bytes of the longest that is."""


class UserAgents(dict[bytes, str]):
    """The texts of ``User-Agent`` headers, as far as ``cut`` leaves them."""

    def __init__(self, cut: Callable[[str], str]) -> None:
        super().__init__()
        self._cut = cut

    def __missing__(self, value: bytes) -> str:
        text = self._cut(value.decode("latin-1"))
        if len(value) <= LONGEST:
            if len(self) >= MAX_SIZE:
                self.clear()
            self[value] = text
        return text

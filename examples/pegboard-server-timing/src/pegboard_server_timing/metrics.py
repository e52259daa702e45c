"""The metrics of one request, and how they are written (W3C Server Timing, RFC 9110). No I/O, and no clock.

A metric is a name, a duration in milliseconds and perhaps a description: ``db;dur=12.5;desc="two queries"``. What no
header can carry never gets into one: names are tokens, and descriptions are quoted, escaped and cut.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["MAX_DESCRIPTION", "Metrics", "quoted"]

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What a metric's name is made of (RFC 9110, section 5.6.2)."""

MAX_DESCRIPTION = 100
"""Characters that a description has at most."""


class Metrics:
    """The metrics of one request, in the order in which their names first came; times of one name add up."""

    __slots__ = ("_found", "limit", "started")

    def __init__(self, started: float, limit: int) -> None:
        self.started = started
        self.limit = limit
        self._found: dict[str, tuple[float, str]] = {}

    def add(self, name: str, seconds: float, description: str = "") -> None:
        """Add ``seconds`` to a metric; one above the limit is left out.

        Raises ValueError for a name that is no token.
        """
        known = self._found.get(name)
        if known is None:
            check_name(name)
            if len(self._found) >= self.limit:
                return
            known = (0.0, description)
        self._found[name] = known[0] + seconds, known[1] or description

    def header(self, descriptions: bool = True) -> str:
        """The header's value."""
        parts = []
        for name, (seconds, text) in self._found.items():
            described = f";desc={quoted(text)}" if text and descriptions else ""
            parts.append(f"{name};dur={milliseconds(seconds)}{described}")
        return ", ".join(parts)


@lru_cache(1024)
def check_name(name: str) -> None:
    """Raise ValueError for a name that is no token."""
    if not TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a metric; expected letters, digits or any of !#$%&'*+-.^_`|~")


def milliseconds(seconds: float) -> str:
    """A duration as the header has it: microseconds are its last digit, and it is never negative."""
    return f"{max(seconds, 0.0) * 1000:.3f}".rstrip("0").rstrip(".")


@lru_cache(1024)
def quoted(text: str) -> str:
    r"""A text as a quoted string (RFC 9110, section 5.6.4), of visible ASCII; ``"`` and ``\`` are escaped."""
    safe = re.sub(r"[^\x20-\x7e]", "?", text[:MAX_DESCRIPTION])
    return '"' + re.sub(r'(["\\])', r"\\\1", safe) + '"'

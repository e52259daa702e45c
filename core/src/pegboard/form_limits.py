"""How much a form may hold, and the answer to one that is broken or holds more.

Broken input is 400, a form over a limit 413. Both are a `MultiPartException`, which an endpoint may catch; left alone,
it answers for itself.
"""

from __future__ import annotations

from typing import NamedTuple

from pegboard.exceptions import HTTPException

__all__ = ["MEBIBYTE", "FormLimits", "MultiPartException", "over_limit"]

MEBIBYTE = 1024 * 1024


class MultiPartException(HTTPException):
    """A form that cannot be read, urlencoded ones included: ``message`` says why, ``status_code`` is 400 or 413."""

    def __init__(self, message: str, status_code: int = 400) -> None:
        super().__init__(status_code, message)
        self.message = message

    def __reduce__(self) -> tuple[type[MultiPartException], tuple[str, int]]:
        return type(self), (self.message, self.status_code)


class FormLimits(NamedTuple):
    """What a form may hold: numbers of things, and sizes in bytes."""

    files: float = 1000
    """Parts with a filename."""
    fields: float = 1000
    """Fields of text, empty ones between two ``&`` included."""
    part_size: float = MEBIBYTE
    """One field of text: a part without a filename, or a name with its value as they travel in a urlencoded form."""
    total_size: float | None = None
    """The whole body; None leaves it to ``max_body_size``, which holds in any case."""
    part_headers: int = 16
    """Headers of one part."""
    part_header_size: int = 8 * 1024
    """All headers of one part together, names and values."""
    spool_size: int = MEBIBYTE
    """What is kept in memory of each file, before it moves to the disk."""


def over_limit(what: str, limit: float, unit: str, keyword: str | None = None) -> MultiPartException:
    """The answer to a form over a limit (RFC 9110 section 15.5.14); ``keyword`` is how `request.form` sets that."""
    hint = "" if keyword is None else f" ({keyword})"
    return MultiPartException(f"{what}: at most {limit:.0f} {unit} are accepted{hint}", 413)

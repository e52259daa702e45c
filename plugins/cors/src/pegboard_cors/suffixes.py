"""Public suffixes: names under which strangers register, such as ``co.uk`` and ``github.io``.

A pattern over one would allow whoever buys a name there. The list is data of the package ``publicsuffixlist``, which
carries the community's list inside each of its weekly releases: nothing is fetched, neither at start nor later. It is
read when the first pattern needs it, which takes some 40 ms, and never for exact origins.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

__all__ = ["is_public_suffix"]


def is_public_suffix(name: str) -> bool:
    """Whether strangers may register below ``name`` (lower case, ASCII).

    A single label that the list does not know counts as public, as the list's own algorithm has it; ``localhost`` does
    not, since it never leaves the machine (RFC 6761 section 6.3).
    """
    if name == "localhost":
        return False
    return _suffixes().publicsuffix(name) == name


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415  read only when a pattern asks for it

    return PublicSuffixList()

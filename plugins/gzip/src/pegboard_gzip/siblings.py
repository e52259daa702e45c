"""Which files that stand compressed beside the original a request may get.

The core looks for them, when an answer with a file is sent (`pegboard.file_siblings`): it is told the codings here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from pegboard.file_siblings import PRECOMPRESSED
from pegboard.requests import Request
from pegboard_gzip.negotiation import MAX_LENGTH, parse_weights, ranked
from pegboard_gzip.wishes import read_wishes

__all__ = ["SUFFIXES", "Siblings"]

SUFFIXES: Mapping[str, str] = {"zstd": ".zst", "br": ".br", "gzip": ".gz"}
"""What the names of compressed files end in."""

_REMEMBERED = 512


class Siblings:
    """Tells the core which of ``codings``, the best first, each request takes."""

    def __init__(self, codings: Sequence[str]) -> None:
        offered = tuple(codings)
        self._offers = lru_cache(_REMEMBERED)(
            lambda header: tuple(
                (coding.encode("ascii"), SUFFIXES[coding]) for coding in ranked(parse_weights(header), offered)
            )
        )

    def request(self, request: Request) -> None:
        """Put what the request takes into its scope; a request without Accept-Encoding takes the original."""
        accepted = read_wishes(request.scope["headers"])[0]
        known = accepted is not None and len(accepted) <= MAX_LENGTH
        request.scope[PRECOMPRESSED] = self._offers(accepted) if known else ()

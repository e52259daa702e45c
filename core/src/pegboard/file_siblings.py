"""Files that stand compressed beside the original: ``app.js.br`` for ``app.js``.

Which codings a client takes is for a plugin to know: its `request` hook puts them into the scope, the best first, and
an answer with a file looks for the siblings.

Rules that must not move:

- A sibling is a regular file in the original's folder, named as the original with the coding's suffix behind. What is a
  symbolic link is none, so that it leads nowhere else.
- It is not older than the original: one that was forgotten when the original changed is not used.
- It is a representation of its own. Its tag is its own, and names the bytes of both files; Last-Modified is the
  original's, as the content is. Ranges are left to the original: a request for one gets it from there.
- An answer that might have been another for another client says so, whichever it is.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pegboard.raw_headers import find, merge_vary
from pegboard.types import RawHeaders, Scope

__all__ = ["PRECOMPRESSED", "Sibling", "find_siblings", "sibling_headers"]

PRECOMPRESSED = "pegboard.precompressed"
"""The scope's key for pairs of a coding and its suffix, the best first; empty when the client takes none."""

Offers = Sequence[tuple[bytes, str]]

_OF_BYTES = frozenset({b"accept-ranges", b"content-digest", b"content-md5", b"digest", b"etag", b"repr-digest"})


class Sibling(NamedTuple):
    """A compressed file, by its path, and what the system knows of the original."""

    coding: bytes
    path: str
    original: os.stat_result


def find_siblings(scope: Scope, path: str | os.PathLike[str], headers: RawHeaders) -> Iterator[Sibling]:
    """The siblings of the file at ``path`` that may answer, the best first; it asks the disk.

    ``headers`` are those of the answer. Raises OSError when there is no original.
    """
    offers: Offers = scope[PRECOMPRESSED]
    if not offers or find(headers, b"content-encoding") is not None or find(scope["headers"], b"range") is not None:
        return
    try:
        original = os.stat(path)  # noqa: PTH116  this is on every request's path
    except ValueError:
        # No file can have this name: whoever opens it says so.
        return
    if stat.S_ISREG(original.st_mode):
        for coding, suffix in offers:
            place = os.fspath(path) + suffix
            if _is_fresh(place, original):
                yield Sibling(coding, place, original)


def sibling_headers(headers: RawHeaders, coding: bytes, known: os.stat_result) -> RawHeaders:
    """What the ``headers`` of the original become for a sibling of which the system knows ``known``."""
    raw = [pair for pair in headers if pair[0] not in _OF_BYTES]
    tag = find(headers, b"etag")
    if tag is not None:
        weak = tag.startswith(b"W/") or not tag.endswith(b'"')
        raw.append((b"etag", tag if weak else b'%b-%b-%x"' % (tag[:-1], coding, known.st_mtime_ns)))
    raw.append((b"content-encoding", coding))
    merge_vary(raw, b"Accept-Encoding")
    return raw


def _is_fresh(place: str, original: os.stat_result) -> bool:
    try:
        known = os.lstat(place)
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(known.st_mode) and known.st_mtime_ns >= original.st_mtime_ns

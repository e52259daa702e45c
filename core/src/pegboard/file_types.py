"""The media type of a file, by its name.

The tables are those of the standard library, so that ``mimetypes.add_type`` and the system's files have their say. They
are read from the disk when this module is imported, and not while requests are served.
"""

from __future__ import annotations

import mimetypes

__all__ = ["guess_media_type"]

_UNKNOWN = "application/octet-stream"

_OF_CODINGS = {
    "bzip2": "application/x-bzip2",
    "compress": "application/x-compress",
    "gzip": "application/gzip",
    "xz": "application/x-xz",
}
"""Types of files that hold others compressed: such a file is sent as it is, without a Content-Encoding."""

mimetypes.init()


def guess_media_type(name: str) -> str:
    """The type for a file called ``name``; what is unknown is an octet stream (RFC 9110 section 8.3)."""
    # The suffixes alone: a name with a colon would be read as a URL.
    dot, suffixes = _suffixes(name)
    if not dot:
        return _UNKNOWN
    kind, coding = mimetypes.guess_type(f"x.{suffixes}")
    if coding is not None:
        return _OF_CODINGS.get(coding, _UNKNOWN)
    return kind or _UNKNOWN


def _suffixes(name: str) -> tuple[str, str]:
    """The last two suffixes: more are never looked at."""
    base = name.replace("\\", "/").rpartition("/")[2].lstrip(".")
    first, dot, last = base.rpartition(".")
    inner = first.rpartition(".")
    return dot, f"{inner[2]}.{last}" if inner[1] else last

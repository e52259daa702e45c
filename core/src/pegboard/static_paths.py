"""From the path of a URL to a place below a folder, and nowhere else.

Rules that must not move:

- A path is taken apart at its slashes and put together by us. A part that is more than the name of one entry (``..``, a
  NUL, a backslash, on Windows a drive, a stream or a device) makes it no path at all.
- Empty parts and ``.`` do not count, so that neither ``//server/share`` nor ``/etc`` is anything but a relative path.
- Symbolic links are followed out of the folder only when that is wanted: what counts is where a path really leads.
"""

from __future__ import annotations

import os
import re
import stat

__all__ = ["find_below", "path_parts"]

_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:[. ].*)?", re.IGNORECASE | re.DOTALL)
_NOT_IN_WINDOWS = re.compile(r'[<>:"|?*\x00-\x1f]|[. ]$')


def path_parts(path: str, windows: bool = os.name == "nt") -> list[str] | None:
    """The names of the folders and of the file that ``path`` leads through; None when it may not be followed."""
    if "\x00" in path or "\\" in path:
        return None
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        return None
    if windows and any(_NOT_IN_WINDOWS.search(part) or _DEVICE.fullmatch(part) for part in parts):
        return None
    return parts


def find_below(folder: str, parts: list[str], follow_symlink: bool) -> tuple[str, os.stat_result] | None:
    """The path of the entry below ``folder``, and what the system knows of it; None when a symbolic link leads out.

    It asks the disk. Raises OSError when there is no such entry, or no permission to look.
    """
    entry = os.sep.join([folder, *parts])  # noqa: PTH118  taken apart by `path_parts`; this is on every request's path
    if not follow_symlink and _has_link(folder, parts) and not _is_below(folder, entry):
        return None
    return entry, os.stat(entry)  # noqa: PTH116


def _has_link(place: str, parts: list[str]) -> bool:
    for part in parts:
        place = f"{place}{os.sep}{part}"
        if stat.S_ISLNK(os.lstat(place).st_mode):
            return True
    return False


def _is_below(folder: str, entry: str) -> bool:
    root, real = os.path.realpath(folder), os.path.realpath(entry)
    return real == root or real.startswith(root.rstrip(os.sep) + os.sep)

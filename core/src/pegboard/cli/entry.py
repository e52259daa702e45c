"""The way in: says what to install where the command line's own libraries are missing, and gives the exit status."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["main"]

NEEDED = ("click", "rich", "uvicorn")
INTERRUPTED = 130


def main() -> None:
    """Run the command line with the arguments of the process, and exit: 0 fine, 1 findings, 2 usage."""
    try:
        Path.cwd()
    except OSError:
        sys.stderr.write("pegboard: the current folder is no longer there; change to one that is\n")
        sys.exit(2)
    try:
        from pegboard.cli.group import run  # noqa: PLC0415

        status = run(sys.argv[1:])
    except ModuleNotFoundError as error:
        if error.name not in NEEDED:
            raise
        sys.stderr.write(
            f"pegboard: the command line needs {error.name}, which is not installed; "
            "install the extra that brings it: pip install 'pegboard[standard]'\n"
        )
        sys.exit(2)
    except KeyboardInterrupt:
        # Before the group of commands is there to say it.
        status = INTERRUPTED
    sys.exit(status)

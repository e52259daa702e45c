"""The command line. `main` is what ``pegboard`` and ``python -m pegboard`` run."""

from pegboard.cli.entry import main

__all__ = ["main"]

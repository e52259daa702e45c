"""All cases that ask applications or call functions in this process, in the order of the report."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.cases import (
    auth,
    basics,
    compression,
    cors,
    growth,
    hooks,
    log,
    plugins,
    routing,
    toolkit,
    wrapped,
)
from benchmarks.functions import FunctionCase
from benchmarks.harness import Case, Entrant

__all__ = ["CASES", "FUNCTION_CASES", "entrant"]

CASES: Sequence[Case] = [
    *basics.CASES,
    *toolkit.CASES,
    *growth.CASES,
    *hooks.CASES,
    *plugins.CASES,
    *cors.CASES,
    *compression.CASES,
    *auth.CASES,
    *log.CASES,
    *wrapped.CASES,
    *routing.CASES,
]
FUNCTION_CASES: Sequence[FunctionCase] = auth.FUNCTION_CASES


def entrant(case: str, peer: str, variant: str) -> Entrant:
    """One entrant of a case. Raises StopIteration when there is none."""
    entrants = next(each for each in CASES if each.name == case).entrants()
    return next(each for each in entrants if (each.peer, each.variant) == (peer, variant))

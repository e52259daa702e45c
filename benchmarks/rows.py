"""What a run says: a row for whoever was measured, and a reason for whoever was not."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Key", "Row", "Skipped"]

Key = tuple[str, str, str]
"""Case, peer and variant of a row."""


@dataclass(slots=True)
class Row:
    """What was measured for one entrant, in ``unit`` per request (or per whatever the case counts)."""

    case: str
    peer: str
    variant: str
    median: float
    minimum: float
    lower_quartile: float
    upper_quartile: float
    samples: int
    unit: str = "µs"
    cpu: float | None = None
    """Median of the process's CPU time, all threads."""
    p50: float | None = None
    p99: float | None = None
    """Latencies in milliseconds: the half, and 99 of 100, are answered within."""
    size: int | None = None
    sent: int | None = None
    """Bytes of an answer's body, before and after a content coding."""
    parts: dict[str, int] | None = None
    """What the figure is the sum of, where it is one."""

    @classmethod
    def of(cls, case: str, peer: str, variant: str, samples: Sequence[float], unit: str = "µs") -> Row:
        """Summarise samples."""
        values = sorted(samples)
        low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
        return cls(case, peer, variant, middle, values[0], low, high, len(values), unit)

    @property
    def key(self) -> Key:
        """What the row is about."""
        return self.case, self.peer, self.variant

    @property
    def is_coded(self) -> bool:
        """Whether the answer's body was compressed."""
        return self.sent is not None and self.sent != self.size


@dataclass(slots=True)
class Skipped:
    """An entrant that was not measured, and why."""

    case: str
    peer: str
    variant: str
    reason: str

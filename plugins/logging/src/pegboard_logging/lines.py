"""From an entry to a line: everything that needs not be done while a request waits. This runs in the writer's thread.

The order of the text is the order of events: those who watch see every request that has ended, then it is decided
whether it is worth a line, and the line is made.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, time

from pegboard.outcome import Outcome, WebSocketOutcome
from pegboard_logging.entries import Access, Entry, Event
from pegboard_logging.fields import LEVELS, Fields, Record, fields_of
from pegboard_logging.records import Records
from pegboard_logging.settings import LoggingSettings
from pegboard_logging.targets import Line
from pegboard_logging.templates import Templates
from pegboard_logging.volume import Cap, is_sampled

__all__ = ["Lines"]

COMPARE_INTERVAL = 0.1
"""Seconds after which the counter of the process is compared with the clock again."""


class Lines:
    """Makes lines in one format; ``lose`` is told what was left out because there is too much of it.

    ``watch`` sees each request that has ended, with the whole template of its route; ``trace`` sees its record.
    """

    def __init__(
        self,
        settings: LoggingSettings,
        templates: Templates,
        make: Callable[[Record | Fields], bytes],
        lose: Callable[[str], None],
        watch: Callable[[Access, str | None], object] | None = None,
        trace: Callable[[Access, Fields, float], object] | None = None,
    ) -> None:
        self.records = Records(settings)
        self._templates = templates
        self._make = make
        self._lose = lose
        self._watch = watch
        self._trace = trace
        self._minimum = LEVELS[settings.minimum_level]
        self._excluded = frozenset(settings.exclude)
        self._cap = Cap(settings.max_per_second) if settings.max_per_second is not None else None
        self._compared = self._offset = 0.0

    def __call__(self, entry: Entry) -> Line | None:
        """The level and the line of an entry, or None when it is not wanted."""
        if isinstance(entry, Event):
            return entry.level, self._make(self.records.event(entry))
        outcome, rule = entry.outcome, entry.rule
        template = self._templates.of(outcome.route, entry.path)
        if self._watch is not None:
            self._watch(entry, template)
        level, share = rule.judge(outcome)
        counter = outcome.started
        if not self._compared <= counter < self._compared + COMPARE_INTERVAL:
            self._compared, self._offset = counter, wall_time(0.0)
        started = counter + self._offset
        record: Record | Fields | None = None
        if self._trace is not None:
            record = self.records.access(entry, started, template, level, share)
            self._trace(entry, fields_of(record), started)
        if (
            not rule.record
            or level < self._minimum
            or template in self._excluded
            or (entry.begun is not rule and rule.leaves_to(entry.begun))
            or (share < 1 and not is_sampled(entry.id, share))
            or (self._cap is not None and self._is_over(self._cap, outcome))
        ):
            return None
        return level, self._make(record or self.records.access(entry, started, template, level, share))

    def _is_over(self, cap: Cap, outcome: Outcome | WebSocketOutcome) -> bool:
        """Whether there are too many records in this second already; what the cap refuses is counted."""
        if cap.admits(wall_time(outcome.started) + outcome.duration):
            return False
        self._lose("max_per_second")
        return True


def wall_time(counter: float) -> float:
    """Seconds since the epoch at the time when `time.perf_counter` gave ``counter``."""
    return time() - perf_counter() + counter

"""From an entry to a line: everything that needs not be done while a request waits. This runs in the writer's thread.

The order of the text is the order of events: those who watch see every request that has ended, then it is decided
whether it is worth a line, and the line is made.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, time
from typing import Any

from pegboard_logging.entries import Access, Entry, Event
from pegboard_logging.fields import LEVELS
from pegboard_logging.records import Records
from pegboard_logging.settings import LoggingSettings
from pegboard_logging.targets import Line
from pegboard_logging.templates import Templates
from pegboard_logging.volume import Cap, is_sampled

__all__ = ["Lines"]

Record = dict[str, Any]


class Lines:
    """Makes lines in one format; ``lose`` is told what was left out because there is too much of it.

    ``watch`` sees each request that has ended, with the whole template of its route; ``trace`` sees its record.
    """

    def __init__(
        self,
        settings: LoggingSettings,
        templates: Templates,
        make: Callable[[Record], bytes],
        lose: Callable[[str], None],
        watch: Callable[[Access, str | None], object] | None = None,
        trace: Callable[[Access, Record, float], object] | None = None,
    ) -> None:
        self._records = Records(settings)
        self._templates = templates
        self._make = make
        self._lose = lose
        self._watch = watch
        self._trace = trace
        self._minimum = LEVELS[settings.minimum_level]
        self._excluded = frozenset(settings.exclude)
        self._cap = Cap(settings.max_per_second) if settings.max_per_second is not None else None

    def __call__(self, entry: Entry) -> Line | None:
        """The level and the line of an entry, or None when it is not wanted."""
        if isinstance(entry, Event):
            return entry.level, self._make(self._records.event(entry))
        outcome = entry.outcome
        template = self._templates.of(outcome.route, entry.path)
        if self._watch is not None:
            self._watch(entry, template)
        level, share = entry.rule.judge(outcome)
        started = wall_time(outcome.started)
        record: Record | None = None
        if self._trace is not None:
            record = self._records.access(entry, started, template, level, share)
            self._trace(entry, record, started)
        if not self._wants(entry, template, level, share, started):
            return None
        return level, self._make(record or self._records.access(entry, started, template, level, share))

    def _wants(self, entry: Access, template: str | None, level: int, share: float, started: float) -> bool:
        """Whether a request is worth a line; what the cap refuses is counted."""
        if not entry.rule.record or level < self._minimum or template in self._excluded:
            return False
        begun = entry.conversation.rule
        if begun is not entry.rule and entry.rule.leaves_to(begun):
            return False
        if share < 1 and not is_sampled(entry.conversation.id, share):
            return False
        if self._cap is None or self._cap.admits(started + entry.outcome.duration):
            return True
        self._lose("max_per_second")
        return False


def wall_time(counter: float) -> float:
    """Seconds since the epoch at the time when `time.perf_counter` gave ``counter``."""
    return time() - perf_counter() + counter

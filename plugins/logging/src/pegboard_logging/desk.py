"""What one board's logging consists of while it runs: the writer, the silenced servers, the captured loggers.

`open` and `stop` belong to the lifespan. Under a server without one, the first request starts the desk; then nobody
stops it, loggers are not captured, and the writer empties its queue when the process ends.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any

from pegboard_logging.addresses import Trusted
from pegboard_logging.delivery import Writer
from pegboard_logging.entries import Access, Entry
from pegboard_logging.formats import make_format
from pegboard_logging.injection import CaptureHandler
from pegboard_logging.lines import Lines
from pegboard_logging.metrics import Metrics
from pegboard_logging.request_ids import acceptance
from pegboard_logging.servers import give_back, silence
from pegboard_logging.settings import LoggingSettings
from pegboard_logging.targets import is_terminal, make_target
from pegboard_logging.templates import Templates
from pegboard_logging.user_agents import UserAgents

if TYPE_CHECKING:
    from pegboard_logging.spans import Spans

__all__ = ["Desk"]


class Desk:
    """The shared part of all recorders of a board."""

    def __init__(self, settings: LoggingSettings, templates: Templates) -> None:
        self.settings = settings
        self.accepts_id = acceptance(settings.request_id_from, Trusted(settings.trusted_proxies).holds)
        self.is_open = False
        self.metrics = Metrics() if settings.metrics is not None else None
        self._spans = _spans(settings.spans)
        self._templates = templates
        self._previous_hangup: Any = None
        target = make_target(settings)
        terminal = is_terminal(target)
        make = make_format(settings, terminal, terminal and "NO_COLOR" not in os.environ)
        lines = Lines(settings, templates, make, self._lose, self.metrics, self._spans)
        self.user_agents = UserAgents(lines.records.cut)
        self.writer = Writer(
            # The method itself: calling the object costs more, for every line.
            lines.__call__,
            target,
            settings.queue_size,
            settings.flush_interval,
            settings.shutdown_timeout,
            self._dropped,
        )
        self._capture = CaptureHandler(self.writer.put, self.place)

    @property
    def place(self) -> object:
        """Where records go: equal for boards that write to the same."""
        return self.writer.target.place

    @property
    def watches(self) -> bool:
        """Whether somebody wants to know of requests that are not recorded."""
        return self.metrics is not None or self._spans is not None

    @property
    def trace(self) -> str:
        """Which finder of traces is wanted: where spans are exported, every request has one."""
        return self.settings.trace if self._spans is None else "start sampled"

    def start(self) -> None:
        """Silence the servers' access logs; once."""
        if not self.is_open:
            self.is_open = True
            silence(self.settings.server_loggers)

    def open(self) -> None:
        """Start with a lifespan: what can fail fails now. Raises OSError when the target cannot be opened."""
        self.writer.target.open()
        self.start()
        for name in self.settings.capture:
            logging.getLogger(name).addHandler(self._capture)
        self._watch_hangup()

    def unwatch_hangup(self) -> None:
        """Give the signal back; in the thread that called `open`, since no other may."""
        if self._previous_hangup is not None:
            signal.signal(signal.SIGHUP, self._previous_hangup)
            self._previous_hangup = None

    def stop(self) -> None:
        """Undo `open`, and write what is queued; waits for that as long as the settings say.

        Another thread may do it, after `unwatch_hangup`.
        """
        self.unwatch_hangup()
        for name in self.settings.capture:
            logging.getLogger(name).removeHandler(self._capture)
        if self.is_open:
            self.is_open = False
            give_back(self.settings.server_loggers)
        self.writer.close()
        if self._spans is not None:
            self._spans.flush(self.settings.shutdown_timeout)

    def _lose(self, reason: str) -> None:
        self.writer.lose(reason)

    def _dropped(self, entry: Entry) -> None:
        """Count a request whose entry found no room."""
        if self.metrics is not None and isinstance(entry, Access):
            self.metrics(entry, self._templates.of(entry.outcome.route, entry.path))

    def _watch_hangup(self) -> None:
        """Reopen the file on SIGHUP, where nobody else has a use for the signal and no terminal could hang up."""
        if self.settings.target != "file" or not hasattr(signal, "SIGHUP"):
            return
        if threading.current_thread() is not threading.main_thread() or _has_terminal():
            return
        if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
            self._previous_hangup = signal.signal(signal.SIGHUP, self._on_hangup)

    def _on_hangup(self, number: int, frame: FrameType | None) -> None:
        self.writer.reopen()


def _spans(processor: Any) -> Spans | None:
    if processor is None:
        return None
    from pegboard_logging.spans import Spans  # noqa: PLC0415  needs an extra, which not everybody has

    return Spans(processor)


def _has_terminal() -> bool:
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:
        return False

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
from typing import Any

from pegboard_logging.addresses import Trusted
from pegboard_logging.delivery import Writer
from pegboard_logging.entries import Entry
from pegboard_logging.fields import LEVELS
from pegboard_logging.formats import make_format
from pegboard_logging.injection import CaptureHandler
from pegboard_logging.records import Records
from pegboard_logging.servers import give_back, silence
from pegboard_logging.settings import LoggingSettings
from pegboard_logging.targets import is_terminal, make_target
from pegboard_logging.volume import Cap

__all__ = ["Desk"]


class Desk:
    """The shared part of all recorders of a board."""

    def __init__(self, settings: LoggingSettings) -> None:
        self.settings = settings
        self.trusted = Trusted(settings.trusted_proxies)
        self.cap = Cap(settings.max_per_second) if settings.max_per_second is not None else None
        self.minimum = LEVELS[settings.minimum_level]
        self.is_open = False
        target = make_target(settings)
        terminal = is_terminal(target)
        self._records = Records(settings)
        self._format = make_format(settings, terminal, terminal and "NO_COLOR" not in os.environ)
        self.writer = Writer(
            self._line, target, settings.queue_size, settings.flush_interval, settings.shutdown_timeout
        )
        self._capture = CaptureHandler(self.writer.put, self.writer.is_current_thread)
        self._previous_hangup: Any = None

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

    def stop(self) -> None:
        """Undo `open`, and write what is queued; waits for that as long as the settings say."""
        self._unwatch_hangup()
        for name in self.settings.capture:
            logging.getLogger(name).removeHandler(self._capture)
        if self.is_open:
            self.is_open = False
            give_back(self.settings.server_loggers)
        self.writer.close()

    def _line(self, entry: Entry) -> bytes:
        return self._format(self._records(entry))

    def _watch_hangup(self) -> None:
        """Reopen the file on SIGHUP, where nobody else has a use for the signal and no terminal could hang up."""
        if self.settings.target != "file" or not hasattr(signal, "SIGHUP"):
            return
        if threading.current_thread() is not threading.main_thread() or _has_terminal():
            return
        if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
            self._previous_hangup = signal.signal(signal.SIGHUP, self._on_hangup)

    def _unwatch_hangup(self) -> None:
        if self._previous_hangup is not None:
            signal.signal(signal.SIGHUP, self._previous_hangup)
            self._previous_hangup = None

    def _on_hangup(self, number: int, frame: FrameType | None) -> None:
        self.writer.reopen()


def _has_terminal() -> bool:
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:
        return False

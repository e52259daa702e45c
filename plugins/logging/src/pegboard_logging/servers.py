"""Servers' own access logs, silenced while somebody writes better ones. Their error logs are kept.

uvicorn writes a line for every WebSocket handshake into its error log; these lines, and no others, are taken out of it.

Several boards in one process silence the same loggers: they are given back when the last board lets go.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["give_back", "silence"]


@dataclass(slots=True)
class _Silenced:
    holders: int
    handlers: list[logging.Handler]
    propagate: bool
    disabled: bool


class _NoHandshakes(logging.Filter):
    """Holds back uvicorn's access lines of WebSockets."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (isinstance(record.msg, str) and record.msg.startswith(HANDSHAKE))


HANDSHAKE = '%s - "WebSocket %s"'
ERROR_LOGS = {"uvicorn.access": "uvicorn.error"}
"""The error logs that have access lines in them, by the access logs that these lines belong to."""

_no_handshakes = _NoHandshakes()
_silenced: dict[str, _Silenced] = {}
_lock = threading.Lock()


def silence(names: Iterable[str]) -> None:
    """Take the handlers from these loggers and disable them.

    Without handlers, uvicorn does not even make the line for new connections; for those that are open already the
    logger is disabled.
    """
    with _lock:
        for name in names:
            known = _silenced.get(name)
            if known is not None:
                known.holders += 1
                continue
            logger = logging.getLogger(name)
            _silenced[name] = _Silenced(1, logger.handlers, logger.propagate, logger.disabled)
            logger.handlers = []
            logger.propagate = False
            logger.disabled = True
            if name in ERROR_LOGS:
                logging.getLogger(ERROR_LOGS[name]).addFilter(_no_handshakes)


def give_back(names: Iterable[str]) -> None:
    """Undo one `silence` of these names."""
    with _lock:
        for name in names:
            known = _silenced.get(name)
            if known is None:
                continue
            known.holders -= 1
            if known.holders == 0:
                del _silenced[name]
                if name in ERROR_LOGS:
                    logging.getLogger(ERROR_LOGS[name]).removeFilter(_no_handshakes)
                logger = logging.getLogger(name)
                logger.handlers, logger.propagate, logger.disabled = known.handlers, known.propagate, known.disabled

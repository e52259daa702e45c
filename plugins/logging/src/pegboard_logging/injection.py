"""The request's ids and bound fields in everybody else's log lines, and others' log lines in ours.

`ContextFilter` goes on a handler of the standard library, `add_context` among structlog's processors. `CaptureHandler`
is the way in: it turns records of standard loggers into events.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, MutableMapping
from typing import Any

from pegboard_logging.delivery import is_writing
from pegboard_logging.entries import Event
from pegboard_logging.log import IDS, bound, current

__all__ = ["CaptureHandler", "ContextFilter", "add_context"]

ABSENT = "-"

TOLD = "_pegboard_logging_told"
"""The attribute of a record that says where it was written as an event."""


class ContextFilter(logging.Filter):
    """Gives every record the ids and what is bound, as attributes; lets every record pass.

    ``request_id``, ``trace_id`` and ``span_id`` are always there, ``-`` where there are none, so that a format may name
    them. All of it together is the attribute ``context``. What a record has already is never replaced.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the attributes."""
        context = bound()
        attributes = record.__dict__
        for name in IDS:
            attributes.setdefault(name, context.get(name, ABSENT))
        for name, value in context.items():
            attributes.setdefault(name, value)
        attributes.setdefault("context", context)
        return True


def add_context(logger: Any, method_name: str, event_dict: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor for structlog: adds the ids and what is bound; what the event says itself stays."""
    for name, value in bound().items():
        event_dict.setdefault(name, value)
    return event_dict


class CaptureHandler(logging.Handler):
    """Hands the records of standard loggers to ``put`` as events, once for all boards that write to ``place``.

    What is logged while lines are written, those of another board among them, does not come back as an event.
    """

    def __init__(self, put: Callable[[Event], None], place: object) -> None:
        super().__init__()
        self._put = put
        self._place = place

    def emit(self, record: logging.LogRecord) -> None:
        """Queue one record."""
        if is_writing():
            return
        places = record.__dict__.setdefault(TOLD, [])
        if self._place in places:
            return
        places.append(self._place)
        try:
            self._put(event_of(record))
        except Exception:  # noqa: BLE001  the standard library's way to say what is wrong with a record
            self.handleError(record)


def event_of(record: logging.LogRecord) -> Event:
    """A record of the standard library as an event, with the ids of the request that it belongs to."""
    fields: dict[str, Any] = {"logger": record.name, "message": record.getMessage()}
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        fields.update(described(error))
    conversation = current.get()
    headers = None if conversation is None else conversation.headers
    return Event(record.created, record.levelno, bound(), "log", fields, headers)


def described(error: BaseException) -> dict[str, Any]:
    """An exception in fields: text only, so that nothing of it is kept alive."""
    return {"error": type(error).__name__, "traceback": "".join(traceback.format_exception(error)).rstrip()}

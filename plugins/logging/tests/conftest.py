"""Makers of entries, for the tests of what becomes of them."""

from collections.abc import Callable
from typing import Any

import pytest

from pegboard.outcome import Outcome, WebSocketOutcome
from pegboard.routing import Route
from pegboard_logging import LoggingRouteSettings, LoggingSettings
from pegboard_logging.entries import Access, Event
from pegboard_logging.fields import Fields, Record, fields_of
from pegboard_logging.log import Conversation
from pegboard_logging.records import Records
from pegboard_logging.volume import Rule

MakeAccess = Callable[..., Access]
MakeRecord = Callable[..., dict[str, Any]]

VALUES: dict[str, Any] = {
    "rule": Rule(LoggingRouteSettings()),
    "method": "GET",
    "path": "/items/7",
    "query": b"",
    "scheme": "https",
    "http_version": "1.1",
    "client": ("192.0.2.7", 50000),
    "user": None,
    "bound": None,
    "error": None,
    "error_in": None,
}
CONVERSATION: dict[str, Any] = {
    "id": b"abc",
    "headers": [],
    "find_trace": None,
    "head": None,
    "found_trace": None,
}
OUTCOME: dict[str, Any] = {
    "kind": "sent",
    "status_code": 200,
    "error": None,
    "answered_by": None,
    "bytes_in": 3,
    "bytes_out": 12,
    "started": 0.0,
    "first_byte": 0.125,
    "duration": 0.25,
}
ENDING: dict[str, Any] = {
    "accepted": True,
    "kind": "closed",
    "status_code": 101,
    "close_code": 1000,
    "messages_in": 2,
    "messages_out": 3,
    "bytes_in": 3,
    "bytes_out": 12,
    "duration": 0.25,
}


def entry_of(conversation: Conversation, outcome: Outcome | WebSocketOutcome, values: dict[str, Any]) -> Access:
    """An entry with what the recorder reads from the headers."""
    sent = dict(conversation.headers)
    return Access(
        id=conversation.id,
        begun=conversation.rule,
        conversation=conversation,
        outcome=outcome,
        user_agent=sent[b"user-agent"].decode("latin-1") if b"user-agent" in sent else None,
        referer=sent.get(b"referer"),
        **values,
    )


async def endpoint(request: Any) -> None:
    raise NotImplementedError


ROUTE = Route("/items/{id}", endpoint)


@pytest.fixture
def access() -> MakeAccess:
    """Makes the entry of a request; keyword arguments replace its values, or those of its outcome."""

    def make(**values: Any) -> Access:
        ours = {name: values.pop(name, value) for name, value in VALUES.items()}
        conversation = Conversation(**{name: values.pop(name, value) for name, value in CONVERSATION.items()})
        return entry_of(conversation, Outcome(route=ROUTE, **{**OUTCOME, **values}), ours)

    return make


@pytest.fixture
def session() -> MakeAccess:
    """Makes the entry of a WebSocket; keyword arguments replace its values, or those of its outcome."""

    def make(**values: Any) -> Access:
        ours = {name: values.pop(name, value) for name, value in {**VALUES, "scheme": "wss"}.items()}
        conversation = Conversation(**{name: values.pop(name, value) for name, value in CONVERSATION.items()})
        outcome = WebSocketOutcome(ROUTE, 0.0)
        for name, value in {**ENDING, **values}.items():
            setattr(outcome, name, value)
        return entry_of(conversation, outcome, ours)

    return make


@pytest.fixture
def made_of() -> Callable[..., Record | Fields]:
    """Makes the record of an entry, that of a request as one to ``template`` that came in ``started``."""

    def make(
        entry: Access | Event,
        *,
        started: float = 1_700_000_000.25,
        template: str | None = "/items/{id}",
        share: float = 1.0,
        **settings: Any,
    ) -> Record | Fields:
        records = Records(LoggingSettings(**settings))
        if isinstance(entry, Event):
            return records.event(entry)
        return records.access(entry, started, template, entry.rule.judge(entry.outcome)[0], share)

    return make


@pytest.fixture
def record_of(made_of: Callable[..., Record | Fields]) -> MakeRecord:
    """Makes the same as a dict."""
    return lambda entry, **given: fields_of(made_of(entry, **given))

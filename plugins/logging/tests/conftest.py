"""Makers of entries, for the tests of what becomes of them."""

from collections.abc import Callable
from typing import Any

import pytest

from pegboard.outcome import Outcome, WebSocketOutcome
from pegboard.routing import Route
from pegboard_logging.entries import Access

MakeAccess = Callable[..., Access]

VALUES: dict[str, Any] = {
    "time": 1_700_000_000.5,
    "level": 20,
    "bound": {"request_id": "abc"},
    "method": "GET",
    "path": "/items/7",
    "query": b"",
    "scheme": "https",
    "http_version": "1.1",
    "peer": "192.0.2.7",
    "headers": [],
    "head": None,
    "user": None,
    "trace": None,
    "mount": "",
    "error": None,
    "error_in": None,
    "sampled": 1.0,
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


async def endpoint(request: Any) -> None:
    raise NotImplementedError


ROUTE = Route("/items/{id}", endpoint)


@pytest.fixture
def access() -> MakeAccess:
    """Makes the entry of a request; keyword arguments replace its values, or those of its outcome."""

    def make(**values: Any) -> Access:
        ours = {name: values.pop(name, value) for name, value in VALUES.items()}
        route = values.pop("route", ROUTE)
        return Access(outcome=Outcome(route=route, **{**OUTCOME, **values}), **ours)

    return make


@pytest.fixture
def session() -> MakeAccess:
    """Makes the entry of a WebSocket; keyword arguments replace its values, or those of its outcome."""

    def make(**values: Any) -> Access:
        ours = {name: values.pop(name, value) for name, value in {**VALUES, "scheme": "wss"}.items()}
        outcome = WebSocketOutcome(ROUTE, 0.0)
        for name, value in {**ENDING, **values}.items():
            setattr(outcome, name, value)
        return Access(outcome=outcome, **ours)

    return make

"""What a request's log lines share."""

import threading
from collections.abc import Iterator
from contextvars import copy_context

import pytest

from pegboard_logging import log
from pegboard_logging.trace_context import Trace


@pytest.fixture(autouse=True)
def _outside_of_a_request() -> Iterator[None]:
    token = log.current.set(None)
    yield
    log.current.reset(token)


def test_nothing_is_bound_outside_of_a_request() -> None:
    assert log.bound() == {}
    assert log.trace_headers() == {}


def test_what_is_bound_outside_of_a_request_belongs_to_the_running_context() -> None:
    copy_context().run(log.bind, job="nightly")
    assert log.bound() == {}
    log.bind(job="nightly")
    log.bind(step=2)
    assert log.bound() == {"job": "nightly", "step": 2}


def test_a_copied_context_binds_into_the_same_mapping() -> None:
    log.current.set(log.Conversation(b"abc", [], None))
    thread = threading.Thread(target=copy_context().run, args=(lambda: log.bind(from_thread=True),))
    thread.start()
    thread.join()
    assert log.bound() == {"request_id": "abc", "from_thread": True}


def test_unbind_takes_away_and_leaves_alone_what_is_not_there() -> None:
    log.bind(a=1, b=2)
    log.unbind("a", "never")
    assert log.bound() == {"b": 2}


def test_changing_the_copy_changes_nothing() -> None:
    log.bind(a=1)
    log.bound()["a"] = 2
    assert log.bound() == {"a": 1}


@pytest.mark.parametrize("name", log.IDS)
def test_the_ids_cannot_be_bound_or_unbound(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        log.bind(**{name: "forged"})
    with pytest.raises(ValueError, match=name):
        log.unbind(name)


def test_the_trace_can_be_handed_on() -> None:
    conversation = log.Conversation(b"abc", [], None, found_trace=Trace("1" * 32, "2" * 16, None, 0, ""))
    log.current.set(conversation)
    assert log.bound() == {"request_id": "abc", "trace_id": "1" * 32, "span_id": "2" * 16}
    assert log.trace_headers() == {"traceparent": f"00-{'1' * 32}-{'2' * 16}-00"}


def test_all_who_ask_for_the_trace_get_the_same_one_looked_for_once() -> None:
    asked: list[object] = []

    def find(headers: object) -> Trace:
        asked.append(headers)
        return Trace(f"{len(asked):032x}", "2" * 16, None, 0, "")

    headers = [(b"traceparent", b"x")]
    conversation = log.Conversation(b"abc", headers, find)
    found: list[Trace | None] = []
    threads = [threading.Thread(target=lambda: found.append(conversation.trace)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [headers]
    assert found == [Trace(f"{1:032x}", "2" * 16, None, 0, "")] * 8

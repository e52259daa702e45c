"""What holds for every format: one record is one line, whatever is in it."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pegboard_logging import LoggingSettings
from pegboard_logging.entries import Event
from pegboard_logging.fields import Record, fields_of
from pegboard_logging.formats import FORMATS, make_format
from pegboard_logging.trace_context import Trace

FORGED = '/a\r\nFAKE \x1b[31m\x9b31m\x00\x7f\u2028\u202e"\\'
BREAKING = {*map(chr, range(32)), *map(chr, range(127, 160)), "\u2028", "\u2029", "\u202e"}


@pytest.fixture
def line_of(record_of: Any) -> Any:
    """Gives the line of an entry in a format, which is one, as text."""

    def line_of(name: Any, entry: Any) -> str:
        line = make_format(LoggingSettings(format=name), terminal=False, colours=False)(record_of(entry)).decode()
        assert not set(line) & BREAKING
        return line

    return line_of


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize("name", FORMATS)
def test_forged_lines_and_escape_sequences_stay_within_their_line(name: str, access: Any, line_of: Any) -> None:
    raw = FORGED.encode("utf-8")
    entry = access(
        method=FORGED,
        path=FORGED,
        query=raw,
        http_version=FORGED,
        client=(FORGED, 1),
        user=FORGED,
        headers=[(b"user-agent", raw), (b"referer", raw)],
        bound={FORGED: FORGED, "nested": {FORGED: [FORGED, {FORGED: FORGED}]}},
    )
    assert "abc" in line_of(name, entry) or name in ("common", "combined")
    assert line_of(name, Event(0.0, 40, {}, "log", {"message": FORGED, "traceback": FORGED, "logger": FORGED}))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "value",
    [
        object(),
        Unspeakable(),
        b"\xff\x00",
        "\ud800",
        float("nan"),
        2**70,
        -(2**70),
        {1: 2, None: 3, (1, 2): 4},
        {Unspeakable(): Unspeakable()},
        {"a", "b"},
        [Unspeakable(), object],
        None,
        "",
    ],
)
def test_a_record_is_written_whatever_was_bound(name: str, value: Any, access: Any, line_of: Any) -> None:
    assert line_of(name, access(bound={"odd": value}))


@pytest.mark.parametrize("name", FORMATS)
def test_a_value_that_holds_itself_is_written_too(name: str, access: Any, line_of: Any) -> None:
    circle: dict[str, Any] = {}
    circle["itself"] = circle
    ring: list[Any] = []
    ring.append(ring)
    assert line_of(name, access(bound={"circle": circle, "ring": ring}))


@pytest.mark.parametrize("name", ["json", "ecs", "google"])
def test_what_says_it_is_json_is_json(name: str, access: Any, session: Any, line_of: Any) -> None:
    for entry in (
        access(path=FORGED),
        session(),
        Event(0.0, 30, {}, "records_lost", {"count": 1, "reason": "queue_full"}),
    ):
        assert isinstance(json.loads(line_of(name, entry)), dict)


@pytest.mark.parametrize("name", FORMATS)
def test_every_kind_of_entry_has_a_line(name: str, access: Any, session: Any, line_of: Any) -> None:
    entries = (
        access(),
        access(status_code=0, kind="client_disconnect", first_byte=None, client=None),
        session(),
        session(status_code=403, kind="denied", close_code=None),
        Event(0.0, 40, {"request_id": "abc"}, "background_failed", {"message": "x", "error": "E", "traceback": "a\nb"}),
    )
    assert all(line_of(name, entry) for entry in entries)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(path=st.text(), agent=st.binary(), bound=st.dictionaries(st.text(), st.text() | st.binary() | st.floats()))
@pytest.mark.parametrize("name", FORMATS)
def test_any_text_stays_within_its_line(
    name: str, access: Any, path: str, agent: bytes, bound: dict[str, Any], line_of: Any
) -> None:
    line_of(name, access(path=path, headers=[(b"user-agent", agent)], bound={**bound}))


ANY_TEXT = st.text(st.characters(codec=None))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    values=st.fixed_dictionaries(
        {"method": ANY_TEXT, "path": ANY_TEXT, "http_version": ANY_TEXT, "query": st.binary()},
        optional={
            "status_code": st.sampled_from([0, 200, 404, 500]),
            "first_byte": st.none() | st.floats(0, 100),
            "duration": st.floats(0, 1e6),
            "client": st.none(),
            "user": ANY_TEXT,
            "answered_by": ANY_TEXT,
            "notes": st.dictionaries(ANY_TEXT, ANY_TEXT),
            "headers": st.lists(st.tuples(st.sampled_from([b"user-agent", b"referer", b"x-a"]), st.binary())),
            "head": st.just([(b"x-b", b"\xff\x7f")]),
            "found_trace": st.just(Trace("1" * 32, "2" * 16, "3" * 16, 1, "")),
            "error": ANY_TEXT,
            "error_in": ANY_TEXT,
        },
    ),
    share=st.floats(0, 1),
)
@pytest.mark.parametrize("name", FORMATS)
def test_the_short_way_and_the_long_one_give_the_same_line(
    name: Any, access: Any, made_of: Any, values: dict[str, Any], share: float
) -> None:
    """Records are written from a struct where they can be; from a dict they are written where something is bound."""
    record = made_of(access(**values), share=share, request_headers=("x-a",), response_headers=("x-b",))
    make = make_format(LoggingSettings(format=name), terminal=False, colours=False)
    assert isinstance(record, Record)
    assert make(record) == make(fields_of(record))


@pytest.mark.parametrize(("terminal", "first"), [(True, "22:13:20.250"), (False, "{")])
def test_auto_is_for_people_on_a_terminal_and_for_machines_elsewhere(
    terminal: bool, first: str, access: Any, record_of: Any
) -> None:
    line = make_format(LoggingSettings(), terminal, colours=False)(record_of(access()))
    assert line.decode().startswith(first)

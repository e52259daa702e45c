"""The format for people."""

from typing import Any

from pegboard_logging.entries import Event
from pegboard_logging.formats.console import console_format


def test_a_request_is_short(access: Any, record_of: Any) -> None:
    line = console_format(colours=False)(record_of(access(query=b"a=1", bound={"cart": 3})))
    assert line == b"22:13:20.250 GET    200 /items/7?a=1 250.0ms 12B request_id=abc cart=3"


def test_what_went_wrong_is_seen(access: Any, record_of: Any) -> None:
    line = console_format(colours=False)(record_of(access(status_code=0, kind="client_disconnect", error="KeyError")))
    assert b" --- " in line
    assert b" client_disconnect error=KeyError" in line


def test_colours_follow_the_status(access: Any, record_of: Any) -> None:
    lines = [console_format(colours=True)(record_of(access(status_code=status))) for status in (200, 302, 404, 500)]
    assert [line.split(b"GET    \x1b[")[1][:2] for line in lines] == [b"32", b"36", b"33", b"31"]


def test_an_event_says_its_message(record_of: Any) -> None:
    line = console_format(colours=False)(record_of(Event(0.0, 30, {}, "log", {"message": "hm", "logger": "x"})))
    assert line == b"00:00:00.000 WARNING hm logger=x"

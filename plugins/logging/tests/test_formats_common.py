"""The formats of web servers."""

import re
from typing import Any

import pytest

from pegboard_logging.formats.common import combined_format, common_format

LINE = re.compile(
    r'(\S+) - (\S+) \[([^\]]+)\] "(\S+) (\S+) (\S+)" (\d+) (\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?'
)


def test_common_is_what_web_servers_write(access: Any, record_of: Any) -> None:
    record = record_of(access(user="ada", query=b"a=1"))
    assert common_format()(record) == (
        b'192.0.2.7 - ada [14/Nov/2023:22:13:20 +0000] "GET /items/7?a=1 HTTP/1.1" 200 12'
    )


def test_combined_adds_referer_and_user_agent(access: Any, record_of: Any) -> None:
    record = record_of(access(headers=[(b"user-agent", b'a "b"'), (b"referer", b"/x")], bytes_out=0))
    assert combined_format()(record).endswith(b'" 200 - "/x" "a \\"b\\""')


@pytest.mark.parametrize("text", ["a b", 'a"b', "a\\", "a\nb", "", "[x]", "grün", "a\\\\"])
def test_a_line_can_be_taken_apart_whatever_the_client_sent(text: str, access: Any, record_of: Any) -> None:
    raw = text.encode()
    record = record_of(
        access(path=f"/{text}", user=text, headers=[(b"user-agent", raw), (b"referer", raw)], method=text or "GET")
    )
    match = LINE.fullmatch(combined_format()(record).decode())
    assert match is not None
    assert match[7] == "200"


def test_an_event_stands_in_a_line_of_its_own() -> None:
    assert common_format()({"time": "t", "event": "log", "message": "a b"}) == b'# time=t event=log message="a b"'

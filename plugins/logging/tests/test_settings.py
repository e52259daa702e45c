"""The settings, and what they refuse."""

from pathlib import Path
from typing import Any

import pytest

from pegboard.settings import Invalid
from pegboard_logging import LoggingRouteSettings, LoggingSettings


def test_the_defaults_are_valid_and_need_nothing() -> None:
    settings = LoggingSettings()
    assert (settings.format, settings.target, settings.when_full) == ("auto", "stderr", "drop")


@pytest.mark.parametrize(
    ("given", "key", "message"),
    [
        ({"fields": ("path", "pth")}, "fields[1]", "there is no field 'pth'"),
        ({"fields": ("path",), "format": "ecs"}, "fields", "json and logfmt"),
        ({"rename": {"path": "url"}, "format": "common"}, "rename", "json and logfmt"),
        ({"request_headers": ("a b",)}, "request_headers[0]", "header name"),
        ({"response_headers": ("",)}, "response_headers[0]", "header name"),
        ({"redact_headers": ("a:",)}, "redact_headers[0]", "header name"),
        ({"request_id_header": "x id"}, "request_id_header", "header name"),
        ({"trusted_proxies": ("nowhere",)}, "trusted_proxies[0]", "10.0.0.0/8"),
        ({"request_id_from": "trusted"}, "request_id_from", "nobody is"),
        ({"exclude": ("health",)}, "exclude[0]", "begins with /"),
        ({"request_id_header": "Authorization"}, "request_id_header", "is a secret"),
        ({"request_id_header": "x-pin", "redact_headers": ("X-Pin",)}, "request_id_header", "is a secret"),
        ({"request_id_header": "Content-Length"}, "request_id_header", "means something else"),
        ({"request_id_header": "traceparent"}, "request_id_header", "means something else"),
        ({"request_id_header": "User-Agent"}, "request_id_header", "means something else"),
        ({"rename": {"path": "method"}}, "rename.path", "would be lost"),
        ({"rename": {"cart": "path"}}, "rename.cart", "would be lost"),
        ({"syslog": "localhost"}, "syslog", "127.0.0.1:514"),
        ({"syslog": "::1:514"}, "syslog", "127.0.0.1:514"),
        ({"syslog": "localhost:65536"}, "syslog", "127.0.0.1:514"),
        ({"target": "file"}, "file", "must be given"),
        ({"file": Path("/var/log/x")}, "file", 'target = "file"'),
    ],
)
def test_what_cannot_work_is_refused_with_its_key(given: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        LoggingSettings(**given)
    [(found, text)] = caught.value.problems
    assert found == key
    assert message in text


def test_all_problems_are_told_together() -> None:
    with pytest.raises(Invalid) as caught:
        LoggingSettings(exclude=("a", "b"), target="file")
    assert [key for key, _ in caught.value.problems] == ["exclude[0]", "exclude[1]", "file"]


def test_two_fields_may_change_their_names() -> None:
    assert LoggingSettings(rename={"path": "method", "method": "path"}).rename


def test_what_a_route_may_decide_is_part_of_the_whole() -> None:
    assert set(LoggingRouteSettings.__struct_fields__) <= set(LoggingSettings.__struct_fields__)

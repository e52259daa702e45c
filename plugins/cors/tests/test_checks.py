"""Refused settings: each problem with its key and what to do, all of them together."""

from __future__ import annotations

from typing import Any

import pytest

from pegboard.settings import Invalid
from pegboard_cors.settings import CORSSettings


def problems(**given: Any) -> list[tuple[str, str]]:
    try:
        CORSSettings(**given)
    except Invalid as error:
        return list(error.problems)
    return []


async def async_listener(connection: object, rejection: object) -> None: ...


def without_arguments() -> None: ...


def asker(origin: str, connection: object) -> tuple[bool, tuple[str, ...]]:
    return True, ()


CREDENTIALS = {"allow_credentials": True}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"allow_origins": ("*",)},
        {"allow_origins": ("null",)},
        {"allow_origins": ("https://a.example", "https://*.a.example", "http://localhost:*"), **CREDENTIALS},
        {"allow_origins": ("http://a.example",)},
        {"allow_origins": ("http://127.0.0.1:3000", "http://[::1]:3000", "http://app.localhost"), **CREDENTIALS},
        {
            "allow_origins": ("http://a.example", "http://*.a.example"),
            "dangerously_allow_credentials_over_insecure_http": True,
            **CREDENTIALS,
        },
        {"allow_origin_regex": r"https://[a-z0-9-]+\.preview\.example\.com", **CREDENTIALS},
        {"allow_origin_regex": ".*"},
        {"allow_methods": ("*",)},
        {"allow_methods": ("PUT", "PATCH", "patch", "QUERY", "X-OWN")},
        {"allow_headers": ("*",), **CREDENTIALS},
        {"allow_headers": ("*", "Authorization")},
        {"allow_headers": ("Content-Type", "X-Token")},
        {"expose_headers": ("*",)},
        {"max_age": 0},
        {"websocket_check_origin": True},
        {"allow_origin": asker, **CREDENTIALS},
        {"allow_origin": dict.get, "on_reject": int},
    ],
)
def test_good_settings_are_taken(given: dict[str, Any]) -> None:
    """What the checks must not refuse."""
    assert problems(**given) == []


@pytest.mark.parametrize(
    ("given", "key", "advice"),
    [
        ({"allow_origins": ("*",), **CREDENTIALS}, "allow_origins", "'*' never goes with allow_credentials"),
        ({"allow_origins": ("*", "https://a.example")}, "allow_origins", "keep either '*' or the others"),
        ({"allow_origins": ("*",), "allow_origin_regex": "x"}, "allow_origins", "keep either '*' or the others"),
        ({"allow_origins": ("*",), "allow_origin": asker}, "allow_origins", "keep either '*' or the others"),
        ({"allow_origins": ("null",), **CREDENTIALS}, "allow_origins[0]", "every sandboxed page's origin"),
        ({"allow_origins": ("https://a.example/x",)}, "allow_origins[0]", "write 'https://a.example'"),
        ({"allow_origins": ("https://a.example/",)}, "allow_origins[0]", "trailing slash"),
        ({"allow_origins": ("https://A.example",)}, "allow_origins[0]", "upper case"),
        ({"allow_origins": ("https://a.example:443",)}, "allow_origins[0]", "own port"),
        ({"allow_origins": ("a.example",)}, "allow_origins[0]", "no scheme"),
        ({"allow_origins": ("https://*.co.uk",)}, "allow_origins[0]", "public suffix"),
        ({"allow_origins": ("https://a*.example.com",)}, "allow_origins[0]", "a star where none can stand"),
        (
            {"allow_origins": ("http://a.example",), **CREDENTIALS},
            "allow_origins[0]",
            "write 'https://a.example', or set dangerously_allow_credentials_over_insecure_http",
        ),
        ({"allow_origins": ("http://*.a.example",), **CREDENTIALS}, "allow_origins[0]", "write 'https://*.a.example'"),
        ({"allow_origin_regex": "https://b\xfccher[.]example"}, "allow_origin_regex", "is not ASCII"),
        ({"allow_origin_regex": "("}, "allow_origin_regex", "'('"),
        ({"allow_origin_regex": "a)|(?:b"}, "allow_origin_regex", "'a)|(?:b'"),
        ({"allow_origin_regex": r"https://(a+)+\.example"}, "allow_origin_regex", "exponential"),
        ({"allow_origin_regex": r"https://.*.*.*\.example"}, "allow_origin_regex", "n**"),
        ({"allow_origin_regex": "https://.*", **CREDENTIALS}, "allow_origin_regex", "name the hosts"),
        ({"allow_methods": ("get",)}, "allow_methods[0]", "write that for 'get'"),
        ({"allow_methods": ("TRACE",)}, "allow_methods[0]", "forbidden method"),
        ({"allow_methods": ("PUT, PATCH",)}, "allow_methods[0]", "is no method"),
        ({"allow_methods": ("",)}, "allow_methods[0]", "is no method"),
        ({"allow_methods": ("\udcff",)}, "allow_methods[0]", "is no method"),
        ({"allow_methods": ("*", "PUT")}, "allow_methods", "'*' covers 'put' as well"),
        ({"allow_headers": ("X Token",)}, "allow_headers[0]", "is no header name"),
        ({"allow_headers": ("X-T\u00f6ken",)}, "allow_headers[0]", "is no header name"),
        ({"allow_headers": ("Cookie",)}, "allow_headers[0]", "forbidden request-header"),
        ({"allow_headers": ("Sec-Thing",)}, "allow_headers[0]", "forbidden request-header"),
        ({"allow_headers": ("Access-Control-Allow-Origin",)}, "allow_headers[0]", "the CORS protocol itself"),
        ({"allow_headers": ("*", "X-Token")}, "allow_headers", "'*' covers 'x-token' as well"),
        ({"expose_headers": ("Set-Cookie",)}, "expose_headers[0]", "never shown to pages"),
        ({"expose_headers": ("X\nA",)}, "expose_headers[0]", "is no header name"),
        ({"expose_headers": ("*",), **CREDENTIALS}, "expose_headers[0]", "list the names"),
        ({"expose_headers": ("*", "X-Total")}, "expose_headers", "'*' covers 'x-total' as well"),
        ({"on_reject": async_listener}, "on_reject", "expected a plain function"),
        ({"on_reject": without_arguments}, "on_reject", "called as on_reject(connection, rejection)"),
        ({"allow_origin": without_arguments}, "allow_origin", "called as allow_origin(origin, connection)"),
    ],
)
def test_bad_settings_are_refused_with_what_to_do(given: dict[str, Any], key: str, advice: str) -> None:
    """One mistake, one problem, at its key."""
    ((found_key, message),) = problems(**given)
    assert found_key == key
    assert advice in message
    assert message.isprintable()


def test_all_problems_come_together() -> None:
    """Mistakes in different settings do not hide each other."""
    found = problems(
        allow_origins=("*", "a.example", "null", "http://b.example"),
        allow_origin_regex="(",
        allow_credentials=True,
        allow_methods=("get",),
        allow_headers=("Cookie",),
        expose_headers=("*",),
    )
    assert [key for key, _ in found] == [
        "allow_origins[1]",
        "allow_origins[2]",
        "allow_origins[3]",
        "allow_origins",
        "allow_origins",
        "allow_origin_regex",
        "allow_methods[0]",
        "allow_headers[0]",
        "expose_headers[0]",
    ]

"""What is a preflight, and what it asks for."""

from __future__ import annotations

import pytest

from pegboard.types import RawHeaders
from pegboard_cors.preflights import Preflight, PreflightResponse

ORIGIN = (b"origin", b"https://a.example")
METHOD = (b"access-control-request-method", b"PUT")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([], None),
        ([ORIGIN], None),
        ([METHOD], None),
        ([ORIGIN, METHOD], Preflight(b"https://a.example", b"PUT", (), False)),
        (
            [
                (b"access-control-request-headers", b"a"),
                METHOD,
                ORIGIN,
                (b"access-control-request-headers", b"b,c"),
                (b"access-control-request-private-network", b"true"),
            ],
            Preflight(b"https://a.example", b"PUT", (b"a", b"b,c"), True),
        ),
        (
            [ORIGIN, METHOD, (b"access-control-request-private-network", b"false")],
            Preflight(b"https://a.example", b"PUT", (), False),
        ),
        (
            [ORIGIN, (b"origin", b"null"), METHOD, (b"access-control-request-method", b"GET")],
            Preflight(b"https://a.example", b"PUT", (), False),
        ),
        (
            [
                ORIGIN,
                METHOD,
                (b"access-control-request-private-network", b"no"),
                (b"access-control-request-private-network", b"true"),
            ],
            Preflight(b"https://a.example", b"PUT", (), False),
        ),
        ([(b"origin", b""), (b"access-control-request-method", b"")], Preflight(b"", b"", (), False)),
    ],
)
def test_origin_and_requested_method_make_a_preflight(raw: RawHeaders, expected: Preflight | None) -> None:
    """Both headers together are a preflight, whatever they say; all lines of names are kept."""
    assert Preflight.read(raw) == expected


def test_an_answer_is_a_whole_response_without_a_body() -> None:
    """The pipeline sends it as any other, and its headers are a list of its own."""
    ready = ((b"vary", b"Origin"),)
    answer = PreflightResponse(403, ready)
    answer.raw_headers.append((b"x-mark", b"1"))
    assert (answer.status_code, answer.body, answer.whole, answer.background) == (403, b"", True, None)
    assert PreflightResponse(403, ready).raw_headers == [*ready]

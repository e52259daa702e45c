"""What is a preflight, and what it asks for."""

from __future__ import annotations

import pytest

from pegboard.types import RawHeaders
from pegboard_cors.preflights import Preflight

ORIGIN = (b"origin", b"https://a.example")
METHOD = (b"access-control-request-method", b"PUT")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([], None),
        ([ORIGIN], None),
        ([METHOD], None),
        ([ORIGIN, METHOD], Preflight(b"https://a.example", b"PUT", [], False)),
        (
            [
                (b"access-control-request-headers", b"a"),
                METHOD,
                ORIGIN,
                (b"access-control-request-headers", b"b,c"),
                (b"access-control-request-private-network", b"true"),
            ],
            Preflight(b"https://a.example", b"PUT", [b"a", b"b,c"], True),
        ),
        (
            [ORIGIN, METHOD, (b"access-control-request-private-network", b"false")],
            Preflight(b"https://a.example", b"PUT", [], False),
        ),
        ([(b"origin", b""), (b"access-control-request-method", b"")], Preflight(b"", b"", [], False)),
    ],
)
def test_origin_and_requested_method_make_a_preflight(raw: RawHeaders, expected: Preflight | None) -> None:
    """Both headers together are a preflight, whatever they say; all lines of names are kept."""
    assert Preflight.read(raw) == expected

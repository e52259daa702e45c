"""Errors are readable by whoever gets them."""

import pytest

from pegboard.exceptions import ConfigurationError, HTTPException, WebSocketException


@pytest.mark.parametrize(
    ("error", "text", "shown"),
    [
        (HTTPException(404), "404: Not Found", "HTTPException(status_code=404, detail='Not Found')"),
        (HTTPException(418, "short"), "418: short", "HTTPException(status_code=418, detail='short')"),
        (HTTPException(299), "299: Status 299", "HTTPException(status_code=299, detail='Status 299')"),
        (WebSocketException(1008), "1008: ", "WebSocketException(code=1008, reason='')"),
        (WebSocketException(4000, "no"), "4000: no", "WebSocketException(code=4000, reason='no')"),
    ],
)
def test_what_goes_to_clients_is_shown(error: Exception, text: str, shown: str) -> None:
    assert str(error) == text
    assert repr(error) == shown


def test_configuration_errors_are_a_list() -> None:
    assert str(ConfigurationError(["one"])) == "Pegboard cannot start: 1 problem\n  - one"
    error = ConfigurationError(["one\nhint", "two"])
    assert str(error) == "Pegboard cannot start: 2 problems\n  - one\n    hint\n  - two"
    assert error.problems == ("one\nhint", "two")

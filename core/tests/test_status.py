"""Status codes by name and their phrases."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from pegboard import status

CODES = {name: value for name, value in vars(status).items() if name.startswith(("HTTP_", "WS_"))}
RENAMED = {
    "HTTP_413_REQUEST_ENTITY_TOO_LARGE": 413,
    "HTTP_414_REQUEST_URI_TOO_LONG": 414,
    "HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE": 416,
    "HTTP_422_UNPROCESSABLE_ENTITY": 422,
}


def test_every_name_says_its_number() -> None:
    """The number in the name is the value."""
    assert {name: int(name.split("_")[1]) for name in CODES} == CODES


def test_every_status_that_python_knows_has_a_name_and_a_phrase() -> None:
    """The constants and the phrases cover the standard library's."""
    known = {code.value for code in HTTPStatus}
    assert known <= set(CODES.values())
    assert known <= set(status.REASONS)


@pytest.mark.parametrize(
    ("code", "phrase"),
    [(200, "OK"), (413, "Content Too Large"), (422, "Unprocessable Content"), (299, "Status 299"), (999, "Status 999")],
)
def test_phrase_is_the_registered_one_on_every_python(code: int, phrase: str) -> None:
    """Phrases follow RFC 9110; a code without one gets a text that says so."""
    assert status.phrase(code) == phrase


@pytest.mark.parametrize(("name", "code"), RENAMED.items())
def test_a_renamed_status_works_and_warns(name: str, code: int) -> None:
    """Old names lead to the same number and tell the new name."""
    with pytest.warns(DeprecationWarning, match="is now called HTTP_"):
        assert getattr(status, name) == code


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name is not passed over."""
    with pytest.raises(AttributeError, match="HTTP_299_NOTHING"):
        _ = status.HTTP_299_NOTHING  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]

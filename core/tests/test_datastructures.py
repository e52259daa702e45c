"""The facade has every name that Starlette's users know."""

from __future__ import annotations

import pytest

from pegboard import datastructures


@pytest.mark.parametrize(
    "name",
    [
        "URL",
        "Address",
        "CommaSeparatedStrings",
        "FormData",
        "Headers",
        "ImmutableMultiDict",
        "MultiDict",
        "MutableHeaders",
        "QueryParams",
        "Secret",
        "State",
        "URLPath",
        "UploadFile",
    ],
)
def test_the_name_is_public(name: str) -> None:
    """An application moves over by changing the import."""
    assert name in datastructures.__all__
    assert getattr(datastructures, name).__name__ == name

"""The values of the toolkit under one roof, by the names that Starlette's users know."""

from __future__ import annotations

from pegboard.headers import Headers, MutableHeaders
from pegboard.multidict import FormData, ImmutableMultiDict, MultiDict, QueryParams
from pegboard.state import State, StateKey
from pegboard.text_values import CommaSeparatedStrings, Secret
from pegboard.uploads import UploadFile
from pegboard.urls import URL, Address, URLPath

__all__ = [
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
    "StateKey",
    "URLPath",
    "UploadFile",
]

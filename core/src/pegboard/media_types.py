"""Media types (RFC 9110 section 8.3.1): ``type/subtype; parameter=value``, as Content-Type has them.

Parsing is linear and remembered for the few values that services meet again and again; hence a `MediaType` does not
change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

__all__ = ["MAX_LENGTH", "MediaType", "parse_media_type"]

MAX_LENGTH = 1024
"""How many characters a media type may have, parameters included."""

_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_ESSENCE = re.compile(rf"[ \t]*({_NAME})/({_NAME})[ \t]*")
_PARAMETER = re.compile(rf';[ \t]*(?:({_NAME})=(?:({_NAME})|"((?:[^"\\]|\\.)*)")[ \t]*)?', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type; ``type``, ``subtype`` and the names of ``parameters`` in lower case."""

    type: str
    subtype: str
    parameters: Mapping[str, str]

    @property
    def essence(self) -> str:
        """The type without its parameters: "text/html"."""
        return f"{self.type}/{self.subtype}"

    @property
    def charset(self) -> str | None:
        """The parameter ``charset`` in lower case, if there is one."""
        charset = self.parameters.get("charset")
        return None if charset is None else charset.lower()

    @property
    def is_json(self) -> bool:
        """Whether it stands for JSON: ``application/json``, ``text/json`` or a subtype with the suffix ``+json``."""
        return self.subtype.endswith("+json") or self.essence in ("application/json", "text/json")


def parse_media_type(value: str | bytes) -> MediaType:
    """Parse a Content-Type; of a repeated parameter the first one counts. Raises ValueError when it is none."""
    if len(value) > MAX_LENGTH:
        raise ValueError(f"The media type has {len(value)} characters, at most {MAX_LENGTH} are accepted")
    return _parse(value)


@lru_cache(maxsize=256)
def _parse(value: str | bytes) -> MediaType:
    text = value if isinstance(value, str) else value.decode("latin-1")
    essence = _ESSENCE.match(text)
    if essence is None:
        raise ValueError(f"The media type {text!a} is malformed: expected type/subtype")
    parameters: dict[str, str] = {}
    position = essence.end()
    while position < len(text):
        parameter = _PARAMETER.match(text, position)
        if parameter is None:
            raise ValueError(f"The media type {text!a} is malformed at position {position}: expected ;name=value")
        position = parameter.end()
        name, plain, quoted = parameter.groups()
        if name is not None:
            parameters.setdefault(name.lower(), _ESCAPED.sub(r"\1", quoted) if plain is None else plain)
    return MediaType(essence[1].lower(), essence[2].lower(), MappingProxyType(parameters))

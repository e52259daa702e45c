"""Kinds of content: for each Content-Type, how it is compressed, decided once and remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from pegboard_gzip.codecs import Codec, make_codec
from pegboard_gzip.dictionaries import Dictionary
from pegboard_gzip.media_rules import matching
from pegboard_gzip.padding import padded
from pegboard_gzip.settings import GzipRouteSettings, Levels

__all__ = ["Kind", "Kinds"]

_REMEMBERED = 256


class Kind(NamedTuple):
    """How one kind of content is compressed.

    ``codecs`` is by coding, and for dictionaries by their name; ``immediate`` says that its pieces are waited for.
    """

    codecs: Mapping[str | bytes, Codec]
    immediate: bool


class Kinds:
    """The kinds of content, as these settings have them."""

    def __init__(self, settings: GzipRouteSettings, dictionaries: Sequence[Dictionary] = ()) -> None:
        self._settings = settings
        self._dictionaries = dictionaries
        self._usual = self._codecs(None)
        self.find = lru_cache(_REMEMBERED)(self._find)
        """The kind of a Content-Type; None when it is not compressed."""

    def _find(self, content_type: bytes) -> Kind | None:
        settings = self._settings
        pattern = matching(content_type, (*settings.types, *settings.by_type))
        own = settings.by_type.get(pattern, True) if pattern is not None else False
        if own is False:
            return None
        immediate = matching(content_type, settings.immediate_types) is not None
        return Kind(self._codecs(own) if isinstance(own, Levels) else self._usual, immediate)

    def _codecs(self, levels: Levels | None) -> dict[str | bytes, Codec]:
        settings = self._settings
        codecs: dict[str | bytes, Codec] = {}
        for coding in settings.codings:
            codec = make_codec(coding, settings.level(coding, levels), settings.fast)
            codecs[coding] = padded(codec, settings.padding) if settings.padding else codec
        for dictionary in self._dictionaries:
            codecs[dictionary.name] = dictionary.codec(settings.level("zstd", levels))
        return codecs

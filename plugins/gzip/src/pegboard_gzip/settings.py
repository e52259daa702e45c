"""The settings of compression, for the board and for single routes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from msgspec import Meta, field

from pegboard.settings import Settings
from pegboard_gzip.codecs import CODINGS, Coding
from pegboard_gzip.media_rules import DEFAULT_TYPES, IMMEDIATE_TYPES, is_pattern
from pegboard_gzip.padding import MOST as MOST_PADDING

__all__ = ["GzipRouteSettings", "GzipSettings", "Levels"]

ZstdLevel = Annotated[int, Meta(ge=1, le=19, description="Level of zstd; above 19 windows outgrow what clients accept")]
BrotliLevel = Annotated[int, Meta(ge=0, le=11, description="Quality of Brotli; from 9 on for little traffic only")]
GzipLevel = Annotated[int, Meta(ge=1, le=9, description="Level of gzip")]


_MIB = 1024 * 1024


class Levels(Settings, frozen=True, kw_only=True):
    """The levels for one kind of content; what is left out is as for everything else."""

    zstd_level: ZstdLevel | None = None
    br_level: BrotliLevel | None = None
    gzip_level: GzipLevel | None = None


class GzipRouteSettings(Settings, frozen=True, kw_only=True):
    """What a route can have of its own."""

    codings: Annotated[
        tuple[Coding, ...],
        Meta(min_length=1, description="What is offered, the preferred first"),
    ] = CODINGS
    minimum_size: Annotated[int, Meta(ge=0, description="Bytes; smaller bodies are sent as they are")] = 1024
    zstd_level: ZstdLevel = 3
    br_level: BrotliLevel = 4
    gzip_level: GzipLevel = 6
    fast: Annotated[
        bool,
        Meta(description="gzip by ISA-L, at level 2 at most: much faster, a little larger; needs the extra `fast`"),
    ] = False
    types: Annotated[tuple[str, ...], Meta(description="What is compressed: type/subtype, type/* or +suffix")] = (
        DEFAULT_TYPES
    )
    immediate_types: Annotated[
        tuple[str, ...], Meta(description="Streams of which nothing is held back, in the same notation")
    ] = IMMEDIATE_TYPES
    by_type: Annotated[
        dict[str, Levels | bool], Meta(description="For a type: levels of its own, true to compress it, false not to")
    ] = field(default_factory=dict)
    refuse_unacceptable: Annotated[
        bool, Meta(description="Answer 406 to a request that accepts neither a coding nor a plain body")
    ] = False

    padding: Annotated[
        int, Meta(ge=0, le=MOST_PADDING, description="Random bytes, at most so many, in each compressed body")
    ] = 0
    dictionaries: Annotated[
        tuple[str, ...], Meta(description="Files that clients may have as dictionaries, for the coding dcz")
    ] = ()
    precompressed: Annotated[
        tuple[Coding, ...],
        Meta(description="Files are sent as they stand compressed beside the original (.br, .zst, .gz), best first"),
    ] = ()
    request_codings: Annotated[
        tuple[Coding, ...],
        Meta(description="What request bodies may be compressed with; nothing is decoded by default"),
    ] = ()
    max_decoded_size: Annotated[int, Meta(ge=1, description="Bytes that a request body may decode to")] = 10 * _MIB
    max_ratio: Annotated[
        int, Meta(ge=1, description="How many times its bytes a request body may decode to, beyond the first MiB")
    ] = 200
    max_request_codings: Annotated[
        int, Meta(ge=1, le=4, description="How many codings a request body may have, one over the other")
    ] = 1

    def check(self) -> Iterable[tuple[str, str]]:
        """Patterns are of the three kinds, and no coding is named twice."""
        for key in ("codings", "precompressed", "request_codings"):
            codings = getattr(self, key)
            for index, coding in enumerate(codings):
                if coding in codings[:index]:
                    yield f"{key}[{index}]", f"{coding} is named twice; name it once, the preferred first"
        for key in ("types", "immediate_types"):
            for index, pattern in enumerate(getattr(self, key)):
                yield from _pattern_problems(f"{key}[{index}]", pattern)
        if self.fast and find_spec("isal") is None:
            yield "fast", 'the package isal is missing; install it with: pip install "pegboard-gzip[fast]"'
        for index, path in enumerate(self.dictionaries):
            if not os.access(path, os.R_OK) or not Path(path).is_file():
                yield (
                    f"dictionaries[{index}]",
                    f'there is no readable file "{path}"; paths are relative to {Path.cwd()}',
                )
        for pattern in self.by_type:
            yield from _pattern_problems("by_type", pattern)

    def level(self, coding: str, levels: Levels | None = None) -> int:
        """The level of a coding, for content with these levels of its own."""
        key = f"{coding}_level"
        own: int | None = getattr(levels, key, None)
        return getattr(self, key) if own is None else own


class GzipSettings(GzipRouteSettings, frozen=True, kw_only=True):
    """The settings of the plugin."""

    threads: Annotated[
        Annotated[int, Meta(ge=1, le=64)] | None,
        Meta(
            description="How many large bodies are compressed at a time; by default one less than processors, up to 4"
        ),
    ] = None

    cache_size: Annotated[
        int, Meta(ge=0, description="Bytes in which compressed bodies of responses that do not change are kept")
    ] = 0

    def thread_count(self) -> int:
        """The number of threads. The event loop keeps a processor for itself, where there are several."""
        return self.threads or max(1, min(4, _processors() - 1))


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _pattern_problems(key: str, pattern: str) -> Iterable[tuple[str, str]]:
    if not is_pattern(pattern):
        advice = "write it in lower case, without parameters" if pattern != pattern.lower() or ";" in pattern else ""
        expected = 'expected "type/subtype", "type/*" or "+suffix"'
        yield key, f'{expected}, got "{pattern}"{advice and "; " + advice}'

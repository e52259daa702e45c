"""Kinds of content: found by their type, and compressed as the settings have it."""

from __future__ import annotations

import pytest

from pegboard_gzip import GzipRouteSettings, Levels
from pegboard_gzip.dictionaries import Dictionary
from pegboard_gzip.kinds import Kind, Kinds


def found(content_type: bytes, **settings: object) -> Kind:
    kind = Kinds(GzipRouteSettings(**settings)).find(content_type)  # type: ignore[arg-type]
    assert kind is not None
    return kind


def test_a_kind_has_a_codec_for_each_coding_that_is_offered() -> None:
    codecs = found(b"text/html; charset=utf-8", codings=("gzip", "br"), br_level=5).codecs
    assert {coding: (codec.coding, codec.level) for coding, codec in codecs.items()} == {
        "gzip": ("gzip", 6),
        "br": ("br", 5),
    }


@pytest.mark.parametrize("content_type", [b"image/png", b"application/grpc+json", b"nonsense", b""])
def test_what_does_not_shrink_is_no_kind(content_type: bytes) -> None:
    assert Kinds(GzipRouteSettings()).find(content_type) is None


def test_a_type_may_have_levels_of_its_own_or_be_left_out_or_taken_in() -> None:
    by_type: dict[str, Levels | bool] = {"text/html": Levels(br_level=9), "text/csv": False, "image/png": True}
    kinds = Kinds(GzipRouteSettings(by_type=by_type))
    html, png = kinds.find(b"text/html"), kinds.find(b"image/png")
    assert html is not None
    assert png is not None
    assert kinds.find(b"text/csv") is None
    assert [kind.codecs["br"].level for kind in (html, png)] == [9, 4]
    assert [kind.codecs["zstd"].level for kind in (html, png)] == [3, 3]


def test_the_kind_of_a_type_is_found_once() -> None:
    kinds = Kinds(GzipRouteSettings())
    assert kinds.find(b"text/html") is kinds.find(b"text/html")


def test_streams_that_are_waited_for_are_told_apart() -> None:
    assert found(b"text/event-stream").immediate
    assert not found(b"text/plain").immediate


def test_what_is_padded_is_never_exact_and_what_is_fast_is_another_codec() -> None:
    assert {codec.exact for codec in found(b"text/plain").codecs.values()} == {True}
    assert {codec.exact for codec in found(b"text/plain", padding=8).codecs.values()} == {False}
    assert found(b"text/plain", fast=True).codecs["gzip"].level == 2


def test_dictionaries_stand_beside_the_codings_by_their_name_with_the_level_of_zstd() -> None:
    dictionary = Dictionary(b"a dictionary")
    kind = Kinds(GzipRouteSettings(zstd_level=7), [dictionary]).find(b"text/plain")
    assert kind is not None
    codec = kind.codecs[dictionary.name]
    assert (codec.coding, codec.level, codec.exact) == ("dcz", 7, False)

"""Negotiation: tables of headers, and a slow reading of the grammar to compare with."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_gzip.negotiation import MAX_LENGTH, MAX_MEMBERS, Choice, Negotiator, choose, parse_weights, ranked

OFFERED = ("zstd", "br", "gzip")


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (b"gzip", "gzip"),
        (b"gzip, deflate, br, zstd", "zstd"),
        (b"gzip, deflate, br", "br"),
        (b"GZIP", "gzip"),
        (b"x-gzip", "gzip"),
        (b"X-GZip;Q=0.3", "gzip"),
        (b"gzip;q=1.0, br;q=0.9", "gzip"),
        (b"gzip;q=0.001", "gzip"),
        (b"gzip ; q=0.5 ,\tbr\t;\tq=0.4", "gzip"),
        (b"*", "zstd"),
        (b"*;q=0.5, gzip", "gzip"),
        (b"*, zstd;q=0", "br"),
        (b"identity, gzip", "gzip"),
        (b"identity;q=0.5, gzip;q=0.5", "gzip"),
        (b"identity;q=0, gzip", "gzip"),
        (b",, gzip ,", "gzip"),
        (b"br;level=5, gzip", "gzip"),
        (b"br;q=2, gzip;q=0.1", "gzip"),
        (b"br;q=0.1234, gzip;q=0.1", "gzip"),
        (b"br;q=.5, gzip;q=0.1", "gzip"),
        (b"br;q=-1, gzip;q=0.1", "gzip"),
        (b"br;q=1.001, gzip;q=0.1", "gzip"),
        (b'"br", gzip;q=0.1', "gzip"),
        (b"gzip;q=0.2, br;q=0.1, gzip;q=0", "gzip"),
        (b"gzip;q=0., br;q=1.", "br"),
    ],
)
def test_the_highest_weight_wins_and_then_the_order_of_preference(header: bytes, coding: str) -> None:
    assert choose(parse_weights(header), OFFERED) == Choice(coding, True)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"identity",
        b"deflate",
        b"gzip;q=0",
        b"*;q=0.5, zstd;q=0.1, br;q=0.1, gzip;q=0.4",
        b"identity, gzip;q=0.9",
        b"identity;q=0.5, gzip;q=0.4",
        b"gz\xefp",
        b"gzip q=1",
        b";q=1",
    ],
)
def test_no_coding_when_none_is_wanted_or_the_plain_body_is_wanted_more(header: bytes) -> None:
    assert choose(parse_weights(header), OFFERED) == Choice(None, True)


@pytest.mark.parametrize(
    "header", [b"identity;q=0", b"*;q=0", b"identity;q=0, deflate", b"identity;q=0.000, gzip;q=0", b"compress, *;q=0"]
)
def test_a_client_that_accepts_nothing_is_told_apart(header: bytes) -> None:
    assert choose(parse_weights(header), OFFERED) == Choice(None, False)


def test_a_plain_body_named_beside_a_refusing_star_is_acceptable() -> None:
    assert choose(parse_weights(b"identity, *;q=0"), OFFERED) == Choice(None, True)


def test_only_what_is_offered_is_chosen_in_the_order_of_the_offer() -> None:
    assert Negotiator(("gzip", "br")).choice(b"zstd, br, gzip") == Choice("gzip", True)


def test_a_request_without_the_header_gets_the_plain_body() -> None:
    assert Negotiator(OFFERED).choice(None) == Choice(None, True)


def test_a_header_beyond_the_limits_counts_for_nothing() -> None:
    choice = Negotiator(OFFERED).choice
    assert choice(b"gzip" + b" " * (MAX_LENGTH - 4)).coding == "gzip"
    assert choice(b"gzip" + b" " * (MAX_LENGTH - 3)).coding is None
    assert choice(b"gzip" + b"," * (MAX_MEMBERS - 1)).coding == "gzip"
    assert choice(b"gzip" + b"," * MAX_MEMBERS).coding is None


def test_the_same_header_gives_the_same_choice_again() -> None:
    choice = Negotiator(OFFERED).choice
    assert choice(b"gzip;q=0.5") is choice(b"gzip;q=0.5")


# A second reading of the grammar, character by character and without regular expressions.

TOKEN = frozenset("!#$%&'*+-.^_`|~" + string.digits + string.ascii_letters)


def reference(header: bytes) -> dict[str, int]:
    weights: dict[str, int] = {}
    for raw in header.decode("latin-1").split(","):
        name, semicolon, parameter = raw.partition(";")
        name, parameter = name.strip(" \t"), parameter.strip(" \t")
        if not name or not set(name) <= TOKEN:
            continue
        weight = 1000
        if semicolon:
            if parameter[:2] not in ("q=", "Q="):
                continue
            number = reference_weight(parameter[2:])
            if number is None:
                continue
            weight = number
        coding = {"x-gzip": "gzip", "x-compress": "compress"}.get(name.lower(), name.lower())
        if coding not in weights:
            weights[coding] = weight
    return weights


def reference_weight(text: str) -> int | None:
    whole, _, digits = text.partition(".")
    if whole not in ("0", "1") or len(digits) > 3 or not set(digits) <= set(string.digits):
        return None
    if whole == "1" and set(digits) - {"0"}:
        return None
    return int(whole) * 1000 + int((digits + "000")[:3])


def reference_choice(weights: dict[str, int], offered: tuple[str, ...]) -> Choice:
    plain = weights.get("identity", weights.get("*", -1))
    ranked = sorted(
        ((weights.get(coding, weights.get("*", 0)), -position, coding) for position, coding in enumerate(offered)),
        reverse=True,
    )
    best = ranked[0] if ranked else (0, 0, "")
    if best[0] > 0 and best[0] >= plain:
        return Choice(best[2], True)
    return Choice(None, plain != 0)


PIECES = st.sampled_from(
    [
        "gzip",
        "GZIP",
        "x-gzip",
        "br",
        "zstd",
        "deflate",
        "identity",
        "*",
        "compress",
        ";",
        ",",
        ";q=",
        ";Q=",
        "q",
        "0",
        "1",
        "0.5",
        "0.999",
        "1.000",
        "1.001",
        "0.1234",
        ".",
        "=",
        "\t",
        " ",
        '"',
        "é",
    ]
)


@given(st.lists(PIECES, max_size=24).map(lambda pieces: "".join(pieces).encode("latin-1")))
def test_headers_of_any_pieces_are_read_as_the_reference_reads_them(header: bytes) -> None:
    assert dict(parse_weights(header)) == reference(header)
    assert choose(parse_weights(header), OFFERED) == reference_choice(reference(header), OFFERED)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(header: bytes) -> None:
    assert Negotiator(OFFERED).choice(header).coding in (None, *OFFERED)


@given(
    st.dictionaries(st.sampled_from([*OFFERED, "identity", "*"]), st.integers(0, 1000)),
    st.permutations(OFFERED).flatmap(lambda order: st.integers(0, 3).map(lambda count: tuple(order[:count]))),
)
def test_the_choice_is_always_one_that_the_client_accepts(weights: dict[str, int], offered: tuple[str, ...]) -> None:
    choice = choose(weights, offered)
    assert choice == reference_choice(weights, offered)
    if choice.coding is not None:
        assert weights.get(choice.coding, weights.get("*", 0)) > 0


@given(
    st.dictionaries(st.sampled_from([*OFFERED, "identity", "*"]), st.integers(0, 1000)),
    st.permutations(OFFERED),
)
def test_the_ranking_agrees_with_the_choice(weights: dict[str, int], offered: list[str]) -> None:
    best = ranked(weights, offered)
    assert list(best[:1]) == [coding for coding in [choose(weights, offered).coding] if coding]
    others = weights.get("*", 0)
    assert [weights.get(coding, others) for coding in best] == sorted(
        (weights.get(coding, others) for coding in best), reverse=True
    )
    assert set(best) == {coding for coding in offered if choose(weights, [coding]).coding}

"""The policy: bytes in, decision out, as tables and as properties."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_cors.origins import LONGEST
from pegboard_cors.policy import Denied, Headers, Policy, varying
from pegboard_cors.rejections import Reason
from pegboard_cors.settings import CORSSettings

APP = b"https://app.example.com"
VARY = (b"vary", b"Origin")
PREFLIGHT_VARY = b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


def policy(*origins: str, **given: Any) -> Policy:
    return Policy(CORSSettings(allow_origins=origins, **given))


def preflight(of: Policy, method: bytes = b"GET", *asked: bytes, private: bool = False) -> dict[bytes, bytes]:
    """The headers that allow it, as a dict; fails when it is denied or a header comes twice."""
    decided = of.preflight(APP, method, asked, private)
    assert not isinstance(decided, Denied), decided
    assert len(dict(decided)) == len(decided)
    return dict(decided)


CONFIGURED = policy(
    "https://app.example.com",
    "http://localhost:*",
    "https://*.apps.example.com",
    "https://xn--bcher-kva.example",
    allow_origin_regex=r"https://(one|two)\.regex\.example",
)


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        (b"https://app.example.com", None),
        (b"http://localhost:5173", None),
        (b"https://x.apps.example.com", None),
        (b"https://xn--bcher-kva.example", None),
        (b"https://one.regex.example", None),
        (b"https://two.regex.example", None),
        (b"https://one.regex.example.evil.example", Reason.ORIGIN),
        (b"https://one", Reason.ORIGIN),
        (b"https://oneXregex.example", Reason.ORIGIN_FORM),
        (b"https://onexregex.example", Reason.ORIGIN),
        (b"https://one.regex.example\n", Reason.ORIGIN_FORM),
        (b"https://one.regex.example/", Reason.ORIGIN_FORM),
        (b"https://one.regex.example:443", Reason.ORIGIN_FORM),
        (b"null", Reason.ORIGIN),
        (b"", Reason.ORIGIN_FORM),
        (b"*", Reason.ORIGIN_FORM),
        (b"http://app.example.com", Reason.ORIGIN),
        (b"https://app.example.com:8443", Reason.ORIGIN),
        (b"https://app.example.com:443", Reason.ORIGIN_FORM),
        (b"https://APP.example.com", Reason.ORIGIN_FORM),
        (b"https://app.example.com.", Reason.ORIGIN_FORM),
        (b"https://app.example.com.evil.example", Reason.ORIGIN),
        (b"https://evilapp.example.com", Reason.ORIGIN),
        (b"https://app.example.com@evil.example", Reason.ORIGIN_FORM),
        (b"https://evil.example/https://app.example.com", Reason.ORIGIN_FORM),
        (b"https://app.example.com\x00", Reason.ORIGIN_FORM),
        (b"https://app.example.com https://evil.example", Reason.ORIGIN_FORM),
        (b"https://apps.example.com", Reason.ORIGIN),
        (b"https://xapps.example.com", Reason.ORIGIN),
        (b"http://x.apps.example.com", Reason.ORIGIN),
        ("https://bücher.example".encode(), Reason.ORIGIN_FORM),
        (b"https://" + b"a" * 10_000, Reason.ORIGIN_FORM),
    ],
)
def test_only_what_was_configured_is_allowed(origin: bytes, reason: Reason | None) -> None:
    """The table of tricks: case, ports, prefixes, suffixes, encodings, lists."""
    assert CONFIGURED.judge(origin) is reason


def test_an_overlong_origin_is_not_kept() -> None:
    """What is remembered about origins has a bound in bytes, not only in number."""
    sent = b"https://" + b"a" * LONGEST
    references = sys.getrefcount(sent)
    assert CONFIGURED.judge(sent) is Reason.ORIGIN_FORM
    assert sys.getrefcount(sent) == references


def test_an_expression_is_matched_whole_with_its_alternatives() -> None:
    """Every alternative of a regex has to match the whole origin."""
    of = policy(allow_origin_regex=r"https://a\.example|https://b\.example")
    assert [of.judge(b"https://" + name) for name in (b"a.example", b"b.example")] == [None, None]
    assert of.judge(b"https://a.example.evil.example") is Reason.ORIGIN
    assert of.judge(b"https://a.exampleb.example") is Reason.ORIGIN


@pytest.mark.parametrize("origin", [b"null", b"https://a.example", b"", b"\xff"])
def test_a_star_allows_whatever_was_sent(origin: bytes) -> None:
    """The star is for responses that are public anyway."""
    of = policy("*", expose_headers=("X-Total",))
    assert of.judge(origin) is None
    assert of.for_any == ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"X-Total"))


def test_null_is_allowed_by_its_name_only() -> None:
    """No pattern or expression, however wide, stands for sandboxed pages."""
    assert policy("null").judge(b"null") is None
    assert policy(allow_origin_regex=".*").judge(b"null") is Reason.ORIGIN


@pytest.mark.parametrize(
    ("given", "origin", "reason"),
    [
        ({"allow_credentials": True}, b"http://x.example", Reason.ORIGIN_INSECURE),
        ({"allow_credentials": True}, b"https://x.example", None),
        ({"allow_credentials": True}, b"http://x.localhost", None),
        ({}, b"http://x.example", None),
        (
            {"allow_credentials": True, "dangerously_allow_credentials_over_insecure_http": True},
            b"http://x.example",
            None,
        ),
    ],
)
def test_an_expression_gives_no_credentials_to_insecure_origins(
    given: dict[str, Any], origin: bytes, reason: Reason | None
) -> None:
    """What start-up cannot see in an expression is seen when an origin comes."""
    assert policy(allow_origin_regex=r"https?://x\.(example|localhost)", **given).judge(origin) is reason


def test_actual_responses_carry_exactly_what_is_needed() -> None:
    """One origin, credentials and exposed names only where they are allowed, Vary last."""
    plain = policy("https://app.example.com")
    full = policy("https://app.example.com", allow_credentials=True, expose_headers=("X-Total", "ETag"))
    assert plain.exact[APP] == plain.actual(APP) == ((b"access-control-allow-origin", APP), VARY)
    assert full.exact[APP] == (
        (b"access-control-allow-origin", APP),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"X-Total, ETag"),
        VARY,
    )


def test_an_allowed_preflight_gets_exactly_what_is_needed() -> None:
    """No header names without having been asked for, nothing exposed, no credentials unless allowed."""
    of = policy("https://app.example.com", allow_methods=("GET", "PUT"), expose_headers=("X-Total",), max_age=0)
    assert preflight(of, b"PUT") == {
        b"access-control-allow-origin": APP,
        b"access-control-allow-methods": b"GET, PUT",
        b"access-control-max-age": b"0",
        b"vary": PREFLIGHT_VARY,
    }


@pytest.mark.parametrize(
    ("given", "method", "asked", "expected"),
    [
        ({}, b"GET", [], (b"GET, HEAD, POST", None)),
        ({}, b"PUT", [], Denied(Reason.METHOD, b"PUT")),
        ({}, b"get", [], Denied(Reason.METHOD, b"get")),
        ({}, b"", [], Denied(Reason.METHOD, b"")),
        ({"allow_methods": ("PATCH",)}, b"patch", [], Denied(Reason.METHOD, b"patch")),
        ({"allow_methods": ("*",)}, b"ANY", [], (b"*", None)),
        ({"allow_methods": ("*",)}, b"A B", [], Denied(Reason.METHOD, b"A B")),
        ({"allow_methods": ("*",), "allow_credentials": True}, b"ANY", [], (b"ANY", None)),
        ({}, b"GET", [b"x-token"], Denied(Reason.HEADER, b"x-token")),
        ({"allow_headers": ("X-Token", "ETag")}, b"GET", [b"x-token"], (b"GET, HEAD, POST", b"X-Token, ETag")),
        ({"allow_headers": ("X-Token",)}, b"GET", [b"X-TOKEN , ,", b""], (b"GET, HEAD, POST", b"X-Token")),
        ({"allow_headers": ("X-Token",)}, b"GET", [b"x-token,x-other"], Denied(Reason.HEADER, b"x-other")),
        ({"allow_headers": ("X-Token",)}, b"GET", [b""], (b"GET, HEAD, POST", None)),
        ({"allow_headers": ("*",)}, b"GET", [b"x-one,x-two"], (b"GET, HEAD, POST", b"*")),
        ({"allow_headers": ("*",)}, b"GET", [b"authorization"], Denied(Reason.HEADER, b"authorization")),
        (
            {"allow_headers": ("*", "Authorization")},
            b"GET",
            [b"authorization,x"],
            (b"GET, HEAD, POST", b"*, Authorization"),
        ),
        (
            {"allow_headers": ("*",), "allow_credentials": True},
            b"GET",
            [b"X-One", b"x-two"],
            (b"GET, HEAD, POST", b"x-one, x-two"),
        ),
        (
            {"allow_headers": ("*",), "allow_credentials": True},
            b"GET",
            [b"Authorization"],
            Denied(Reason.HEADER, b"authorization"),
        ),
        (
            {"allow_headers": ("*", "Authorization"), "allow_credentials": True},
            b"GET",
            [b"authorization"],
            (b"GET, HEAD, POST", b"authorization"),
        ),
        ({"allow_headers": ("*",)}, b"GET", [b"a b"], Denied(Reason.HEADERS_FORM, b"a b")),
        ({"allow_headers": ("*",)}, b"GET", [b"a" * 5000], Denied(Reason.HEADERS_FORM, b"a" * 5000)),
    ],
)
def test_methods_and_headers_of_preflights(
    given: dict[str, Any], method: bytes, asked: list[bytes], expected: Denied | tuple[bytes, bytes | None]
) -> None:
    """Methods are case-sensitive, names are not; the star means what Fetch says, and less where it has to."""
    of = policy("https://app.example.com", **given)
    decided = of.preflight(APP, method, asked, False)
    if isinstance(expected, Denied):
        assert decided == expected
        return
    headers = preflight(of, method, *asked)
    found = headers[b"access-control-allow-methods"], headers.get(b"access-control-allow-headers")
    assert found == expected
    assert headers.get(b"access-control-allow-credentials") == (b"true" if given.get("allow_credentials") else None)


def test_a_star_answers_preflights_with_a_star() -> None:
    """The origin is not echoed where everybody is allowed, yet the answer varies on what was asked."""
    headers = preflight(policy("*"), b"POST")
    assert headers[b"access-control-allow-origin"] == b"*"
    assert headers[b"vary"] == PREFLIGHT_VARY


def test_the_private_network_is_denied_unless_allowed() -> None:
    """Off by default; when it is on, answers vary on a fourth header, and say yes only when asked."""
    off = policy("https://app.example.com")
    on = policy("https://app.example.com", allow_private_network=True)
    private_vary = PREFLIGHT_VARY + b", Access-Control-Request-Private-Network"
    assert off.preflight(APP, b"GET", (), True) == Denied(Reason.PRIVATE_NETWORK)
    assert off.preflight_vary(True) == (b"vary", private_vary)
    assert preflight(on, private=True)[b"access-control-allow-private-network"] == b"true"
    assert b"access-control-allow-private-network" not in preflight(on)
    assert preflight(on)[b"vary"] == preflight(on, private=True)[b"vary"] == private_vary


def test_what_a_verdict_depends_on_is_named_in_vary() -> None:
    """Names from the owner's function come behind those of the protocol."""
    of = policy("https://app.example.com")
    assert of.preflight_vary(False, [b"x-tenant"]) == (b"vary", PREFLIGHT_VARY + b", x-tenant")


@pytest.mark.parametrize(
    ("more", "value"),
    [
        ([], b"Origin"),
        ([b"x-tenant"], b"Origin, x-tenant"),
        ([b"origin", b"x-tenant", b"x-tenant"], b"Origin, x-tenant"),
        ([b"x-tenant", b"*"], b"*"),
    ],
)
def test_no_name_comes_twice_in_vary(more: list[bytes], value: bytes) -> None:
    """The owner's function may name what is there anyway, and a star stands alone."""
    assert varying(b"Origin", more) == (b"vary", value)


LABEL = st.from_regex(r"\A[a-z]{1,8}\Z")
MUTATION = st.sampled_from(
    [
        lambda origin, extra: origin.upper(),
        lambda origin, extra: origin.title(),
        lambda origin, extra: origin + "." + extra,
        lambda origin, extra: origin + "." + extra + ".com",
        lambda origin, extra: origin + extra,
        lambda origin, extra: origin + ":" + str(len(extra) + 1000),
        lambda origin, extra: origin + ":443",
        lambda origin, extra: origin + ".",
        lambda origin, extra: origin + "/",
        lambda origin, extra: origin + "\n",
        lambda origin, extra: origin + "\x00",
        lambda origin, extra: origin + " " + origin,
        lambda origin, extra: origin + ", " + origin,
        lambda origin, extra: origin + "@" + extra + ".com",
        lambda origin, extra: " " + origin,
        lambda origin, extra: extra + origin,
        lambda origin, extra: origin.replace("https", "http"),
        lambda origin, extra: origin.replace("https://", "https://" + extra),
        lambda origin, extra: origin.replace("https://", "https://" + extra + "."),
        lambda origin, extra: origin.replace("https://", "https:///"),
        lambda origin, extra: origin.replace("https://", "https://" + extra + "@"),
        lambda origin, extra: origin.replace("e", "%65"),
        lambda origin, extra: origin.replace("e", "\u0435"),
        lambda origin, extra: origin.replace(".", "\u3002"),
        lambda origin, extra: origin.replace(".", extra),
        lambda origin, extra: origin.replace(".", "\uff0e"),
    ]
)


@given(LABEL, LABEL, MUTATION, LABEL)
def test_a_changed_origin_is_never_allowed(one: str, two: str, change: Any, extra: str) -> None:
    """Whatever is done to a configured origin, the result is another origin or none."""
    origin = f"https://{one}.{two}e.example"
    changed = change(origin, extra)
    allowed = policy(origin, allow_origin_regex=origin.replace(".", r"\.")).judge(changed.encode()) is None
    assert allowed is (changed == origin)


@given(LABEL, MUTATION, LABEL)
def test_a_changed_subdomain_is_allowed_only_below_the_configured_domain(one: str, change: Any, extra: str) -> None:
    """A pattern takes names that end in its domain, spelled as browsers do, and nothing else."""
    changed = change(f"https://{one}.apps.example.com", extra)
    of = policy("https://*.apps.example.com", allow_credentials=True)
    if of.judge(changed.encode()) is None:
        assert changed.startswith("https://")
        assert changed.endswith(".apps.example.com")
        assert changed.isascii()
        assert changed.removeprefix("https://").removesuffix(".apps.example.com").replace(".", "").isalnum()


@given(st.binary(max_size=400))
def test_no_bytes_but_the_configured_origins_are_allowed(origin: bytes) -> None:
    """Anything at all that was not configured gets a reason."""
    of = policy("https://app.example.com", "https://other.example.com")
    assert (of.judge(origin) is None) is (origin in of.exact)


@given(st.binary(max_size=60), st.lists(st.binary(max_size=200), max_size=30), st.booleans())
def test_answers_never_hold_controls_or_grow_without_bound(method: bytes, asked: list[bytes], private: bool) -> None:
    """Even the widest policy sends back only tokens, and at most as many as its bounds allow."""
    of = policy(
        "https://app.example.com",
        allow_methods=("*",),
        allow_headers=("*", "Authorization"),
        allow_credentials=True,
        allow_private_network=True,
    )
    decided: Headers | Denied = of.preflight(APP, method, asked, private)
    if not isinstance(decided, Denied):
        for name, value in decided:
            assert value.decode("ascii").isprintable(), name
            assert len(value) < 8192


def test_ten_thousand_origins_are_prepared_as_one_is() -> None:
    """Each has its headers ready, so that the cost of a look-up does not depend on their number."""
    of = policy(*(f"https://s{number}.example.com" for number in range(10_000)))
    assert len(of.exact) == 10_000
    assert of.exact[b"https://s9999.example.com"][0] == (b"access-control-allow-origin", b"https://s9999.example.com")

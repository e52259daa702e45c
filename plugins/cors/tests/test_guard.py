"""The hooks of one policy, called as a pipeline calls them."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from pegboard.connections import NOTES
from pegboard.requests import HTTPConnection, Request
from pegboard.responses import Head, Response
from pegboard.testing import converse
from pegboard.types import RawHeaders
from pegboard.websockets import WebSocket
from pegboard_cors.guard import Guard
from pegboard_cors.policy import Policy
from pegboard_cors.preflights import Preflight
from pegboard_cors.rejections import Reason, Rejection
from pegboard_cors.settings import CORSSettings

pytestmark = pytest.mark.anyio

APP = b"https://app.example.com"
EVIL = b"https://evil.example"
VARY = (b"vary", b"Origin")


def guard(*origins: str, **given: Any) -> Guard:
    return Guard(Policy(CORSSettings(allow_origins=origins, **given)))


def request(origin: bytes | None = None, *more: tuple[bytes, bytes], method: str = "GET") -> Request:
    headers = [(b"host", b"api.example.com"), *more]
    if origin is not None:
        headers.append((b"origin", origin))
    return Request({"type": "http", "method": method, "headers": headers})


async def respond(of: Guard, to: Request, raw: RawHeaders | None = None) -> RawHeaders:
    """The headers of a response with these, after the hook."""
    head = Head(200, [] if raw is None else raw)
    result = of.respond(to, head)
    if result is not None:
        await result
    return head.raw_headers


def allow(origin: bytes) -> tuple[bytes, bytes]:
    return (b"access-control-allow-origin", origin)


@pytest.mark.parametrize(
    ("origins", "origin", "expected"),
    [
        (["https://app.example.com"], APP, [allow(APP), VARY]),
        (["https://app.example.com"], EVIL, [VARY]),
        (["https://app.example.com"], None, [VARY]),
        (["https://*.example.com"], APP, [allow(APP), VARY]),
        (["https://*.example.com"], None, [VARY]),
        (["null"], b"null", [allow(b"null"), VARY]),
        (["*"], APP, [allow(b"*")]),
        (["*"], None, [allow(b"*")]),
    ],
)
async def test_every_response_says_what_it_depends_on(
    origins: list[str], origin: bytes | None, expected: RawHeaders
) -> None:
    """Allowed, denied and without Origin: Vary is the same, and a plain star has none."""
    assert await respond(guard(*origins), request(origin)) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([(b"vary", b"Accept")], [(b"vary", b"Accept, Origin"), allow(APP)]),
        ([(b"vary", b"Accept"), (b"vary", b"origin")], [(b"vary", b"Accept, origin"), allow(APP)]),
        ([(b"vary", b"*")], [(b"vary", b"*"), allow(APP)]),
        ([(b"vary", b"Origin")], [(b"vary", b"Origin"), allow(APP)]),
        ([allow(b"*")], [allow(APP), VARY]),
        ([allow(b"*"), (b"x", b"y"), allow(EVIL)], [(b"x", b"y"), allow(APP), VARY]),
        (
            [
                (b"access-control-allow-credentials", b"true"),
                (b"access-control-allow-methods", b"PUT"),
                (b"access-control-expose-headers", b"*"),
                (b"access-control-max-age", b"1"),
            ],
            [allow(APP), VARY],
        ),
    ],
)
async def test_the_policy_has_the_last_word(before: RawHeaders, after: RawHeaders) -> None:
    """What an application set is replaced, its Vary is kept, and to go through twice changes nothing."""
    of = guard("https://app.example.com")
    once = await respond(of, request(APP), list(before))
    assert sorted(once) == sorted(after)
    assert sorted(await respond(of, request(APP), list(once))) == sorted(after)


@pytest.mark.parametrize("origin", [EVIL, None])
async def test_nothing_leaks_to_an_origin_that_is_not_allowed(origin: bytes | None) -> None:
    """Not even credentials that the application allowed by itself."""
    raw = [allow(b"*"), (b"access-control-allow-credentials", b"true"), (b"content-type", b"text/plain")]
    of = guard("https://app.example.com", allow_credentials=True, expose_headers=("X-Total",))
    assert await respond(of, request(origin), raw) == [(b"content-type", b"text/plain"), VARY]


async def test_a_star_takes_the_place_of_what_the_application_set() -> None:
    """One header is left, and Vary is not touched."""
    raw = [allow(APP), (b"vary", b"Accept")]
    assert await respond(guard("*"), request(APP), raw) == [(b"vary", b"Accept"), allow(b"*")]


async def test_the_owners_function_is_asked_last_and_named_in_vary() -> None:
    """Origins by name are not asked about; what the verdict depends on is in Vary, allowed or not."""
    asked: list[str] = []

    async def allow_origin(origin: str, connection: HTTPConnection) -> tuple[bool, list[str]]:
        asked.append(origin)
        return "tenant" in origin, ["X-Tenant"]

    of = guard("https://app.example.com", allow_origin=allow_origin)
    vary = (b"vary", b"Origin, x-tenant")
    assert await respond(of, request(APP)) == [allow(APP), VARY]
    assert await respond(of, request(None)) == [VARY]
    assert await respond(of, request(b"https://tenant.example")) == [allow(b"https://tenant.example"), vary]
    assert await respond(of, request(EVIL)) == [vary]
    assert asked == ["https://tenant.example", "https://evil.example"]


@pytest.mark.parametrize("origin", [b"null", b"https://EVIL.example", b"https://evil.example/", b"http://evil.example"])
async def test_the_owners_function_never_sees_what_cannot_be_allowed(origin: bytes) -> None:
    """Null, other spellings, and insecure origins where credentials are used are decided before."""

    def allow_origin(origin: str, connection: HTTPConnection) -> tuple[bool, list[str]]:
        raise AssertionError(f"asked about {origin}")

    assert await respond(guard(allow_origin=allow_origin, allow_credentials=True), request(origin)) == [VARY]


async def test_a_rejected_request_is_told_to_owner_log_and_outcome(caplog: pytest.LogCaptureFixture) -> None:
    """The reason goes everywhere but to the client."""
    told: list[tuple[object, Rejection]] = []
    of = guard("https://app.example.com", on_reject=lambda connection, rejection: told.append((connection, rejection)))
    asking = request(EVIL)
    with caplog.at_level(logging.INFO, "pegboard.cors"):
        assert await respond(of, asking) == [VARY]
    rejection = Rejection("actual", Reason.ORIGIN, "https://evil.example")
    assert told == [(asking, rejection)]
    assert asking.scope[NOTES] == {"cors": str(rejection)}
    assert caplog.messages == ["Not allowed: actual from https://evil.example: the origin is not allowed"]


async def test_controls_in_an_origin_do_not_reach_a_log_line(caplog: pytest.LogCaptureFixture) -> None:
    """A forged line break is escaped."""
    with caplog.at_level(logging.INFO, "pegboard.cors"):
        await respond(guard("https://app.example.com"), request(b"https://a\r\nERROR all is lost"))
    (message,) = caplog.messages
    assert message.isprintable()


@pytest.mark.parametrize("origin", [APP, None, b"https://api.example.com"])
async def test_what_needs_no_leave_is_not_told(origin: bytes | None, caplog: pytest.LogCaptureFixture) -> None:
    """Allowed origins, no origin, and pages of the service itself are no rejections."""
    with caplog.at_level(logging.INFO, "pegboard.cors"):
        await respond(guard("https://app.example.com"), request(origin))
    assert caplog.messages == []


async def test_a_failing_listener_does_not_fail_the_request(caplog: pytest.LogCaptureFixture) -> None:
    """What on_reject raises is logged with what it was told."""

    def on_reject(connection: HTTPConnection, rejection: Rejection) -> None:
        raise RuntimeError("the pager is gone")

    assert await respond(guard("https://app.example.com", on_reject=on_reject), request(EVIL)) == [VARY]
    assert "on_reject failed when it was told of: actual from https://evil.example" in caplog.text
    assert "the pager is gone" in caplog.text


@pytest.mark.parametrize(("method", "expected"), [("OPTIONS", []), ("GET", [allow(APP), VARY])])
@pytest.mark.parametrize("is_async", [False, True])
async def test_answers_to_preflights_are_left_alone(method: str, expected: RawHeaders, is_async: bool) -> None:
    """The hook for routes that see OPTIONS touches no answer to a preflight, whoever gave it."""
    given = {"allow_origin": lambda origin, connection: (False, ())} if is_async else {}
    of = guard("https://app.example.com", **given)
    head = Head(200, [])
    result = of.respond_unless_preflight(request(APP, (b"access-control-request-method", b"PUT"), method=method), head)
    if result is not None:
        await result
    assert head.raw_headers == expected


async def test_an_options_request_that_is_no_preflight_is_an_actual_request() -> None:
    """Origin alone makes no preflight."""
    head = Head(200, [])
    guard("https://app.example.com").respond_unless_preflight(request(APP, method="OPTIONS"), head)
    assert head.raw_headers == [allow(APP), VARY]


@pytest.mark.parametrize(
    ("preflight", "status", "told"),
    [
        (Preflight(APP, b"GET", (), False), 204, None),
        (Preflight(EVIL, b"GET", (), False), 403, "the origin is not allowed"),
        (Preflight(APP, b"PUT", (), False), 403, "the method is not allowed (PUT)"),
        (Preflight(APP, b"P\nT", (), False), 403, "the method is not allowed (P\\nT)"),
        (
            Preflight(APP, b"GET", (b"x-a",), False),
            403,
            "a request header is not allowed (x-a)",
        ),
        (
            Preflight(APP, b"GET", (), True),
            403,
            "access to the private network is not allowed",
        ),
    ],
)
async def test_preflights_are_answered_with_204_or_403(preflight: Preflight, status: int, told: str | None) -> None:
    """A denied one gets no CORS header and no reason; its owner gets it."""
    rejections: list[str] = []
    of = guard("https://app.example.com", on_reject=lambda connection, rejection: rejections.append(str(rejection)))
    response = of.answer(request(), preflight)
    assert isinstance(response, Response)
    assert response.status_code == status
    assert response.body == b""
    names = {name for name, _ in response.raw_headers}
    assert b"vary" in names
    assert any(name.startswith(b"access-control-") for name in names) is (status == 204)
    origin = preflight.origin.decode()
    assert rejections == ([] if told is None else [f"preflight from {origin}: {told}"])


async def test_ten_thousand_hostile_origins_are_each_told_and_get_nothing() -> None:
    """Whatever their number and length, each note is its own, one line, and short."""
    of = guard("https://app.example.com")
    for number in range(10_000):
        origin = (b"https://%d.example", b"https://%d\r\n", b"https://%d." + b"a" * 5000)[number % 3] % number
        asking = request(origin)
        assert await respond(of, asking) == [VARY]
        note = asking.scope[NOTES]["cors"]
        assert note.startswith(f"actual from https://{number}")
        assert note.isprintable()
        assert len(note) < 300
    assert await respond(of, request(APP)) == [allow(APP), VARY]


async def test_the_owners_functions_are_asked_and_told_each_time() -> None:
    """What they say may change, so it is never kept: neither for actual requests nor for preflights."""
    verdicts = iter([True, False, True, False])
    told: list[str] = []

    def allow_origin(origin: str, connection: HTTPConnection) -> tuple[bool, list[str]]:
        return next(verdicts), []

    def on_reject(connection: HTTPConnection, rejection: Rejection) -> None:
        told.append(rejection.kind)

    of = guard(allow_origin=allow_origin, on_reject=on_reject)
    assert await respond(of, request(EVIL)) == [allow(EVIL), VARY]
    assert await respond(of, request(EVIL)) == [VARY]
    headers = [(b"host", b"api.example.com"), (b"origin", EVIL), (b"access-control-request-method", b"GET")]
    preflight = Preflight.read(headers)
    assert preflight is not None
    for status in (204, 403):
        answer = of.answer(request(EVIL), preflight)
        assert not isinstance(answer, Response)
        answered = await converse(answer, method="OPTIONS", headers=headers)
        assert answered.status == status
    assert told == ["actual", "preflight"]


async def test_a_rejection_that_comes_again_is_told_again() -> None:
    """The same request from the same origin leaves a note and is told to the owner however often it comes."""
    told: list[Rejection] = []
    of = guard("https://app.example.com", on_reject=lambda connection, rejection: told.append(rejection))
    preflight = Preflight(APP, b"PUT", (), False)
    for _ in range(3):
        asking = request(EVIL)
        await respond(of, asking)
        assert asking.scope[NOTES] == {"cors": "actual from https://evil.example: the origin is not allowed"}
        asking = request(APP)
        of.answer(asking, preflight)
        assert asking.scope[NOTES] == {
            "cors": "preflight from https://app.example.com: the method is not allowed (PUT)"
        }
    assert [rejection.kind for rejection in told] == ["actual", "preflight"] * 3


async def test_what_is_added_to_one_answer_is_not_in_the_next() -> None:
    """Answers to preflights have headers of their own, although what is decided is kept."""
    of = guard("https://app.example.com")
    for origin in (APP, EVIL):
        first, second = (of.answer(request(), Preflight(origin, b"GET", (), False)) for _ in range(2))
        assert isinstance(first, Response)
        assert isinstance(second, Response)
        first.headers["X-Mark"] = "1"
        assert (b"x-mark", b"1") in first.raw_headers
        assert (b"x-mark", b"1") not in second.raw_headers


@pytest.mark.parametrize("host", [b"api.example.com", b"API.example.com", b"api.example.com:443"])
async def test_a_page_of_the_host_that_was_asked_is_no_stranger_though_another_host_finds_it_so(host: bytes) -> None:
    """Whether an origin is the service's own depends on the request, so it is asked each time."""
    of = guard("https://app.example.com")
    own = b"https://api.example.com"
    for sent, is_told in [(host, False), (b"other.example.com", True), (host, False), (None, True)]:
        headers = [(b"origin", own)] + ([] if sent is None else [(b"host", sent)])
        asking = Request({"type": "http", "method": "GET", "headers": headers})
        assert await respond(of, asking) == [VARY]
        assert (NOTES in asking.scope) is is_told


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, None),
        (APP, None),
        (b"https://api.example.com", None),
        (b"http://api.example.com", None),
        (EVIL, 403),
        (b"null", 403),
        (b"", 403),
        (b"https://api.example.com.evil.example", 403),
        (b"https://api.example.com:8443", 403),
    ],
)
async def test_handshakes_are_refused_from_other_origins(origin: bytes | None, status: int | None) -> None:
    """Allowed are the list, the same host, and whoever is no browser."""
    headers = [(b"host", b"api.example.com")] + ([] if origin is None else [(b"origin", origin)])

    async def unused(*_: object) -> Any:
        raise AssertionError

    websocket = WebSocket({"type": "websocket", "headers": headers}, unused, unused)
    response = await guard("https://app.example.com", websocket_check_origin=True).check(websocket)
    assert (response and response.status_code) == status
    if response is not None:
        assert response.body == b"Forbidden"
        assert websocket.scope[NOTES]["cors"].startswith("websocket from ")

"""An issuer's keys: one fetch for many, renewed in time, kept while the issuer is down."""

import inspect
import logging
import time
from collections.abc import Sequence
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from pegboard_auth.fetching import FetchError
from pegboard_auth.jwt import JWTVerifier, UnknownKey
from pegboard_auth.jwt_claims import ClaimRules
from pegboard_auth.jwt_keys import VerificationKey, load_key
from pegboard_auth.key_ages import KeyAges
from pegboard_auth.refusals import Rejected
from pegboard_auth.remote_keys import RemoteKeys, RemoteVerifier

pytestmark = pytest.mark.anyio

START = 1_800_000_000.0
SECRETS = {"old": b"o" * 32, "new": b"n" * 32}
KEYS = {kid: load_key("HS256", secret, kid) for kid, secret in SECRETS.items()}


class Issuer:
    """An issuer whose keys, state and time the test sets; ``fetches`` counts what it was asked."""

    def __init__(self) -> None:
        self.now = START
        self.fetches = 0
        self.keys: Sequence[VerificationKey] = [KEYS["old"]]
        self.is_up = True
        self.up_to = 1000
        self.slow: anyio.Event | None = None
        self.slept: list[float] = []

    async def fetch(self) -> Sequence[VerificationKey]:
        self.fetches += 1
        await anyio.lowlevel.checkpoint()
        if self.slow is not None:
            await self.slow.wait()
        if not self.is_up or self.fetches > self.up_to:
            raise FetchError("the issuer is down")
        return self.keys

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await anyio.lowlevel.checkpoint()
        self.slept.append(seconds)
        self.now += seconds


def remote(issuer: Issuer) -> RemoteKeys:
    return RemoteKeys(issuer.fetch, KeyAges(3600, 7200, 30), issuer.clock, issuer.sleep)


def verifier(issuer: Issuer) -> RemoteVerifier:
    rules = ClaimRules(issuer="i", audience=frozenset("a"))
    return RemoteVerifier(JWTVerifier([], rules), remote(issuer))


def token(kid: str) -> bytes:
    claims = {"iss": "i", "aud": "a", "sub": "ann", "exp": START + 1_000_000}
    return jwt.encode({"alg": "HS256", "kid": kid}, claims, OctKey.import_key(SECRETS[kid])).encode()


async def test_many_who_wait_at_once_make_one_fetch() -> None:
    issuer = Issuer()
    issuer.slow = anyio.Event()
    keys = remote(issuer)
    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(keys.ready)
        await anyio.wait_all_tasks_blocked()
        issuer.slow.set()
    assert issuer.fetches == 1
    await keys.ready()
    assert issuer.fetches == 1


async def test_whoever_waits_does_not_depend_on_the_request_that_fetches() -> None:
    issuer = Issuer()
    issuer.slow = anyio.Event()
    keys = remote(issuer)
    first = anyio.CancelScope()

    async def leave() -> None:
        with first:
            await keys.ready()

    async with anyio.create_task_group() as group:
        group.start_soon(leave)
        await anyio.wait_all_tasks_blocked()
        for _ in range(5):
            group.start_soon(keys.ready)
        await anyio.wait_all_tasks_blocked()
        first.cancel()
        await anyio.wait_all_tasks_blocked()
        assert issuer.fetches == 2
        issuer.slow.set()
    assert issuer.fetches == 2


async def test_without_keys_everybody_is_sent_away_and_the_issuer_is_left_in_peace() -> None:
    issuer = Issuer()
    issuer.is_up = False
    keys = remote(issuer)
    refused: list[Rejected] = []

    async def ask() -> None:
        try:
            await keys.ready()
        except Rejected as rejected:
            refused.append(rejected)

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(ask)
    assert issuer.fetches == 1
    assert {(each.status_code, each.retry_after, each.error) for each in refused} == {(503, 30, None)}
    assert len(refused) == 50
    issuer.is_up = True
    issuer.now += 30
    await keys.ready()
    assert issuer.fetches == 2


async def test_stale_keys_are_used_while_the_issuer_is_down_up_to_the_limit() -> None:
    issuer = Issuer()
    what = verifier(issuer)
    assert (await what.verify(token("old"), issuer.now)).identity == "ann"
    issuer.is_up = False
    for later in (3600, 7200, 3600 + 7199):
        issuer.now = START + later
        assert (await what.verify(token("old"), issuer.now)).identity == "ann"
    assert issuer.fetches == 4
    issuer.now = START + 3600 + 7200 + 30
    with pytest.raises(Rejected) as caught:
        await what.verify(token("old"), issuer.now)
    assert caught.value.status_code == 503


async def test_while_one_renews_stale_keys_the_others_go_on_with_them() -> None:
    issuer = Issuer()
    keys = remote(issuer)
    await keys.ready()
    issuer.now += 3600
    issuer.slow = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(keys.ready)
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(5):
            await keys.ready()
        issuer.slow.set()
    assert issuer.fetches == 2


async def test_a_new_key_is_taken_up_without_a_restart_and_a_gone_one_is_given_up() -> None:
    issuer = Issuer()
    what = verifier(issuer)
    forgotten: list[bool] = []
    what.forget = lambda: forgotten.append(True)
    await what.verify(token("old"), issuer.now)
    with pytest.raises(UnknownKey):
        await what.verify(token("new"), issuer.now)
    assert (issuer.fetches, len(forgotten)) == (1, 1)
    issuer.now += 30
    issuer.keys = [KEYS["new"]]
    assert (await what.verify(token("new"), issuer.now)).identity == "ann"
    assert (issuer.fetches, len(forgotten)) == (2, 2)
    with pytest.raises(UnknownKey):
        await what.verify(token("old"), issuer.now)


async def test_tokens_with_unknown_keys_cost_the_issuer_one_fetch_in_a_while() -> None:
    issuer = Issuer()
    what = verifier(issuer)
    forgotten: list[bool] = []
    what.forget = lambda: forgotten.append(True)
    await what.verify(token("old"), issuer.now)
    issuer.now += 60
    refused: list[Rejected] = []

    async def ask() -> None:
        try:
            await what.verify(token("new"), issuer.now)
        except UnknownKey as rejected:
            refused.append(rejected)

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(ask)
    assert (issuer.fetches, len(refused)) == (2, 50)
    # The same keys as before: what they have verified is still good.
    assert len(forgotten) == 1


async def test_an_unknown_key_while_the_issuer_is_down_is_refused_as_unknown() -> None:
    issuer = Issuer()
    what = verifier(issuer)
    await what.verify(token("old"), issuer.now)
    issuer.now += 60
    issuer.is_up = False
    with pytest.raises(UnknownKey):
        await what.verify(token("new"), issuer.now)
    assert (await what.verify(token("old"), issuer.now)).identity == "ann"


async def test_keys_are_renewed_beside_the_requests_so_that_nobody_waits() -> None:
    issuer = Issuer()
    what = verifier(issuer)
    issuer.up_to = 5
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(what.run)
            while issuer.fetches < 8:
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
    assert issuer.slept[:7] == [2700.0] * 5 + [30.0, 60.0]
    assert 0 < what.fresh_for < 3600


async def test_keys_grow_neither_old_nor_young_when_the_time_is_set() -> None:
    issuer = Issuer()
    keys = RemoteKeys(issuer.fetch, KeyAges(3600, 7200, 30))
    await keys.ready()
    assert 3500 < keys.fresh_for <= 3600
    assert inspect.signature(RemoteKeys).parameters["clock"].default is time.monotonic


async def test_a_fetch_that_fails_is_told_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    issuer = Issuer()
    issuer.is_up = False
    caplog.set_level(logging.WARNING, "pegboard.auth")
    with pytest.raises(Rejected):
        await remote(issuer).ready()
    assert caplog.messages == ["the issuer's keys cannot be fetched: the issuer is down"]


async def test_a_fetch_that_breaks_down_stops_neither_requests_nor_the_board(caplog: pytest.LogCaptureFixture) -> None:
    issuer = Issuer()
    keys = remote(issuer)
    await keys.ready()
    issuer.keys = None  # type: ignore[assignment]
    keys.changed = lambda keys: 1 / 0  # type: ignore[assignment]
    issuer.now += 4000
    await keys.ready()
    assert "ZeroDivisionError" in caplog.text
    assert issuer.fetches == 2
    await keys.ready()
    assert issuer.fetches == 2, "the keys of before go on counting for a while"


async def test_what_somebody_else_fetches_for_an_unknown_key_is_waited_for() -> None:
    issuer = Issuer()
    keys = remote(issuer)
    await keys.ready()
    issuer.now += 60
    issuer.slow = anyio.Event()
    answers: list[Any] = []

    async def ask() -> None:
        answers.append(await keys.renewed())

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        issuer.slow.set()
    assert answers == [True] * 3
    assert issuer.fetches == 2
    assert await keys.renewed() is False

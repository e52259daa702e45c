"""Basic authentication."""

import base64
from inspect import isawaitable
from typing import Any

import anyio
import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from pegboard.requests import HTTPConnection
from pegboard_auth.basic import Account, Basic, parse_credentials, read_accounts
from pegboard_auth.passwords import Passwords
from pegboard_auth.refusals import Rejected
from pegboard_auth.throttle import Buckets, LoginThrottle

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
STORED = CHEAP.hash("p:ss wörd")
NOW = 1_800_000_000.0


def basic(text: bytes | str) -> bytes:
    return base64.b64encode(text.encode() if isinstance(text, str) else text)


def connection(text: bytes | str) -> HTTPConnection:
    return HTTPConnection({"type": "http", "headers": [(b"authorization", b"Basic " + basic(text))]})


def scheme(**options: Any) -> Basic:
    accounts = {"ann": Account("ann", STORED, ["read"], ["editor"])}
    return Basic(accounts, Passwords(known=[STORED]), clock=lambda: NOW, **options)


async def asked(what: Basic, given: HTTPConnection) -> Any:
    """What the scheme finds, awaited where it has to be."""
    found = what.authenticate(given)
    return await found if isawaitable(found) else found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ann:secret", ("ann", "secret")),
        ("ann:", ("ann", "")),
        ("ann:a:b", ("ann", "a:b")),
        ("Ann Lee:\N{SNOWMAN}", ("Ann Lee", "\N{SNOWMAN}")),
        ("cafe\u0301:cafe\u0301", ("caf\u00e9", "caf\u00e9")),
    ],
)
def test_name_and_password_are_taken_apart(text: str, expected: tuple[str, str]) -> None:
    assert parse_credentials(basic(text), 1024) == expected


@pytest.mark.parametrize(
    "credentials",
    [
        b"",
        b"ann:secret",
        basic("ann"),
        basic(":secret"),
        basic("ann\x00:secret"),
        basic("ann\n:secret"),
        basic("ann:sec\x00ret"),
        basic("ann:sec\rret"),
        basic("ann:\x7f"),
        basic(b"ann:\xff\xfe"),
        basic("x" * 256 + ":secret"),
        basic("ann:" + "x" * 1025),
        basic("ann:" + "\N{SNOWMAN}" * 342),
        basic("ann:secret").rstrip(b"=") + b"_",
        basic("ann:secr").rstrip(b"="),
        basic("ann:secret") + b"====",
        basic("ann:secret") + b"\n",
        b"A" * 10_000,
        b"\xff",
    ],
)
def test_what_is_no_name_and_password_is_rejected(credentials: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        parse_credentials(credentials, 1024)
    assert (caught.value.status_code, caught.value.error) == (401, None)
    assert "secret" not in caught.value.reason


@given(st.binary(max_size=200), st.booleans())
def test_no_credentials_raise_anything_but_rejected(data: bytes, encode: bool) -> None:
    try:
        name, password = parse_credentials(basic(data) if encode else data, 64)
    except Rejected:
        return
    assert name
    assert len(password.encode()) <= 3 * 64


@pytest.mark.anyio
async def test_the_right_password_gives_the_users_access() -> None:
    access: Any = await asked(scheme(), connection("ann:p:ss wörd"))
    assert (access.identity, access.scheme, access.scopes, access.roles) == ("ann", "basic", {"read"}, {"editor"})
    assert access.when == NOW


@pytest.mark.anyio
async def test_without_basic_credentials_it_is_no_business_of_the_scheme() -> None:
    assert await asked(scheme(), HTTPConnection({"type": "http", "headers": []})) is None


@pytest.mark.anyio
async def test_an_unknown_user_and_a_wrong_password_look_alike_to_clients_and_not_in_the_log() -> None:
    seen = []
    for text in ("ann:wrong", "eve:p:ss wörd"):
        with pytest.raises(Rejected) as caught:
            await asked(scheme(), connection(text))
        seen.append(caught.value)
    wrong, unknown = seen
    assert (wrong.status_code, wrong.error, wrong.retry_after) == (
        unknown.status_code,
        unknown.error,
        unknown.retry_after,
    )
    assert (wrong.reason, wrong.identity) == ("wrong password", "ann")
    assert (unknown.reason, unknown.identity) == ("unknown user", "")


def sync_lookup(name: str) -> Account | None:
    return Account(name, STORED, user=None) if name == "bob" else None


async def async_lookup(name: str) -> Account | None:
    return sync_lookup(name)


@pytest.mark.anyio
@pytest.mark.parametrize("lookup", [sync_lookup, async_lookup])
async def test_accounts_may_be_looked_up(lookup: Any) -> None:
    access: Any = await scheme(lookup=lookup).authenticate(connection("bob:p:ss wörd"))
    assert access.identity == "bob"
    with pytest.raises(Rejected, match="unknown user"):
        await scheme(lookup=lookup).authenticate(connection("eve:x"))


@pytest.mark.anyio
async def test_a_stored_hash_that_cannot_be_used_lets_nobody_in_and_the_log_says_why() -> None:
    def lookup(name: str) -> Account:
        return Account(name, "plaintext")

    with pytest.raises(Rejected, match="the stored hash is unusable"):
        await scheme(lookup=lookup).authenticate(connection("bob:plaintext"))


@pytest.mark.anyio
@pytest.mark.parametrize("is_async", [False, True])
async def test_an_outdated_hash_is_replaced_after_a_good_password_only(is_async: bool) -> None:
    saved: list[tuple[str, str]] = []

    async def save_later(name: str, stored: str) -> None:
        saved.append((name, stored))

    def save(name: str, stored: str) -> None:
        saved.append((name, stored))

    with pytest.raises(Rejected):
        await scheme(rehash=save).authenticate(connection("ann:wrong"))
    assert not saved
    await scheme(rehash=save_later if is_async else save).authenticate(connection("ann:p:ss wörd"))
    [(name, stored)] = saved
    assert name == "ann"
    assert extract_parameters(stored).memory_cost == 19456
    assert await Passwords(known=[STORED]).verify(stored, "p:ss wörd")


def test_the_challenge_is_that_of_rfc_7617() -> None:
    assert scheme().challenge("api", "invalid_token") == 'Basic realm="api", charset="UTF-8"'


def test_a_file_of_accounts_is_read_line_by_line() -> None:
    text = f"# users\n\nann:{STORED}\r\n  bob:{STORED}:read write\n"
    [(first, ann), (second, bob)] = list(read_accounts(text))
    assert (first, second) == (3, 4)
    assert isinstance(ann, Account)
    assert isinstance(bob, Account)
    assert (ann.user.identity, ann.scopes, ann.password_hash) == ("ann", frozenset(), STORED)
    assert bob.user.identity == "bob"
    assert bob.scopes == {"read", "write"}
    assert STORED not in repr(bob)


@pytest.mark.parametrize(
    "line", ["hunter2", ":hunter2", "ann:hunter2", "ann:$2y$05$hunter2", "ann:{SHA}hunter2", "ann:"]
)
def test_a_bad_line_is_told_without_showing_it(line: str) -> None:
    [(number, problem)] = list(read_accounts(line))
    assert number == 1
    assert isinstance(problem, str)
    assert "hunter2" not in problem


# What is remembered, and the throttle


class Counting(Passwords):
    """Counts how many passwords are hashed."""

    def __init__(self) -> None:
        super().__init__(known=[STORED])
        self.count = 0

    async def verify(self, stored: str | None, password: str) -> bool:
        self.count += 1
        return await super().verify(stored, password)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def counting(**options: Any) -> tuple[Basic, Counting, Clock]:
    passwords, clock = Counting(), Clock()
    accounts = {"ann": Account("ann", STORED, ["read"])}
    return Basic(accounts, passwords, clock=clock, **options), passwords, clock


GOOD = "ann:p:ss wörd"


async def statuses(scheme: Basic, *texts: str) -> list[int]:
    """200 for who is let in, else the status of the refusal."""
    found = []
    for text in texts:
        try:
            await asked(scheme, connection(text))
            found.append(200)
        except Rejected as rejected:
            found.append(rejected.status_code)
    return found


@pytest.mark.anyio
async def test_an_unknown_user_costs_as_many_hashes_as_a_known_one() -> None:
    """One each, with the same parameters; see test_passwords for those of the dummy."""
    scheme, passwords, _ = counting()
    for text in ("ann:wrong", "eve:wrong", "ann:wrong", "eve:wrong"):
        before = passwords.count
        await statuses(scheme, text)
        assert passwords.count == before + 1


@pytest.mark.anyio
async def test_a_good_password_is_remembered_for_a_while() -> None:
    scheme, passwords, clock = counting(remember=60)
    first = await asked(scheme, connection(GOOD))
    clock.now += 59
    assert await asked(scheme, connection(GOOD)) is first
    assert passwords.count == 1
    clock.now += 1
    assert await asked(scheme, connection(GOOD)) is not first
    assert passwords.count == 2


@pytest.mark.anyio
async def test_remembering_can_be_switched_off() -> None:
    scheme, passwords, _ = counting(remember=0)
    assert await statuses(scheme, GOOD, GOOD) == [200, 200]
    assert passwords.count == 2


@pytest.mark.anyio
async def test_a_wrong_password_is_never_remembered_and_never_meets_what_is() -> None:
    scheme, passwords, _ = counting()
    assert await statuses(scheme, GOOD, "ann:wrong", "ann:wrong", "bob:p:ss wörd", GOOD) == [200, 401, 401, 401, 200]
    assert passwords.count == 4


@pytest.mark.anyio
async def test_a_password_that_is_changed_counts_from_the_next_request_on() -> None:
    accounts = {"eve": Account("eve", STORED)}
    scheme = Basic({}, Passwords(known=[STORED]), lookup=accounts.get, clock=lambda: NOW)
    assert await statuses(scheme, "eve:p:ss wörd", "eve:p:ss wörd") == [200, 200]
    accounts["eve"] = Account("eve", CHEAP.hash("new"))
    assert await statuses(scheme, "eve:p:ss wörd", "eve:new") == [401, 200]
    del accounts["eve"]
    assert await statuses(scheme, "eve:new") == [401]


def throttled(accounts: int = 3, addresses: int = 100) -> tuple[Basic, Counting, Clock]:
    passwords, clock = Counting(), Clock()
    throttle = LoginThrottle(Buckets(accounts, 30.0, clock=clock), Buckets(addresses, 30.0, clock=clock))
    return Basic({"ann": Account("ann", STORED)}, passwords, throttle=throttle, clock=clock), passwords, clock


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["ann", "eve"])
async def test_guesses_are_slowed_down_whether_the_account_exists_or_not(name: str) -> None:
    scheme, passwords, clock = throttled()
    assert await statuses(scheme, *[f"{name}:{number}" for number in range(6)]) == [401] * 3 + [429] * 3
    assert passwords.count == 3
    with pytest.raises(Rejected) as caught:
        await asked(scheme, connection(f"{name}:guess"))
    assert (caught.value.retry_after, caught.value.identity) == (10, "ann" if name == "ann" else "")
    clock.now += 10
    assert await statuses(scheme, f"{name}:a", f"{name}:b") == [401, 429]


@pytest.mark.anyio
async def test_the_right_password_is_not_told_from_a_wrong_one_while_there_were_too_many() -> None:
    scheme, _, clock = throttled()
    assert await statuses(scheme, "ann:1", "ann:2", "ann:3", GOOD) == [401, 401, 401, 429]
    clock.now += 30
    assert await statuses(scheme, GOOD) == [200]


@pytest.mark.anyio
async def test_whoever_was_verified_a_moment_ago_is_not_locked_out_by_somebody_elses_guesses() -> None:
    scheme, _, _ = throttled()
    assert await statuses(scheme, GOOD, "ann:1", "ann:2", "ann:3", "ann:4", GOOD) == [200, 401, 401, 401, 429, 200]


@pytest.mark.anyio
async def test_guesses_at_once_are_charged_before_they_are_verified() -> None:
    scheme, passwords, _ = throttled()
    found: list[int] = []

    async def guess(number: int) -> None:
        found.extend(await statuses(scheme, f"ann:{number}"))

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(guess, number)
    assert sorted(found) == [401] * 3 + [429] * 17
    assert passwords.count == 3


@pytest.mark.anyio
async def test_a_login_that_nobody_has_looked_at_is_not_charged() -> None:
    scheme, passwords, _ = throttled(accounts=1)
    passwords._most = 0
    assert await statuses(scheme, GOOD, GOOD) == [503, 503]
    passwords._most = 1
    assert await statuses(scheme, GOOD) == [200]


@pytest.mark.anyio
async def test_an_address_that_tries_many_accounts_is_slowed_down() -> None:
    scheme, passwords, _ = throttled(addresses=4)
    found = []
    for number in range(6):
        one = connection(f"user{number}:guess")
        one.scope["client"] = ("192.0.2.7", 1000 + number)
        try:
            await asked(scheme, one)
        except Rejected as rejected:
            found.append(rejected.status_code)
    assert found == [401] * 4 + [429] * 2
    assert passwords.count == 4

"""Basic authentication."""

import base64
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from pegboard.requests import HTTPConnection
from pegboard_auth.basic import Account, Basic, parse_credentials, read_accounts
from pegboard_auth.passwords import Passwords
from pegboard_auth.refusals import Rejected

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
    access: Any = await scheme().authenticate(connection("ann:p:ss wörd"))
    assert (access.identity, access.scheme, access.scopes, access.roles) == ("ann", "basic", {"read"}, {"editor"})
    assert access.when == NOW


@pytest.mark.anyio
async def test_without_basic_credentials_it_is_no_business_of_the_scheme() -> None:
    assert await scheme().authenticate(HTTPConnection({"type": "http", "headers": []})) is None


@pytest.mark.anyio
async def test_an_unknown_user_and_a_wrong_password_look_alike_to_clients_and_not_in_the_log() -> None:
    seen = []
    for text in ("ann:wrong", "eve:p:ss wörd"):
        with pytest.raises(Rejected) as caught:
            await scheme().authenticate(connection(text))
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

"""Passwords and their hashes."""

import threading
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from pegboard_auth import passwords
from pegboard_auth.passwords import Passwords, check_hash, hash_password, needs_rehash
from pegboard_auth.refusals import Rejected

REAL = passwords.HASHER
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
STORED = CHEAP.hash("correct horse")


def test_new_hashes_have_owasps_parameters() -> None:
    parameters = extract_parameters(hash_password("x"))
    assert (parameters.type, parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (
        Type.ID,
        19456,
        2,
        1,
    )


def test_a_hash_of_today_needs_no_other_and_an_older_one_does() -> None:
    assert not needs_rehash(hash_password("x"))
    assert needs_rehash(STORED)


def test_a_good_hash_has_nothing_wrong() -> None:
    assert check_hash(STORED) == ""


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "hunter2",
        "$2b$12$hunter2",
        "$argon2id$hunter2",
        PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.I).hash("x"),
        STORED.replace("m=8", "m=4194304"),
        "$argon2id$v=19$m=x,t=1,p=1$a$b",
    ],
    # Hashes are salted, so their text differs from run to run.
    ids=["empty", "no hash", "bcrypt", "cut short", "another type", "too much memory", "no number"],
)
def test_another_hash_is_refused_without_being_shown(stored: str) -> None:
    problem = check_hash(stored)
    assert problem
    assert "hunter2" not in problem
    assert stored[-10:] not in problem or not stored


@pytest.mark.anyio
async def test_only_the_right_password_matches() -> None:
    verifier = Passwords(known=[STORED])
    assert await verifier.verify(STORED, "correct horse")
    assert not await verifier.verify(STORED, "correct horse ")
    assert not await verifier.verify(STORED, "")
    assert not await verifier.verify(None, "correct horse")
    assert not await verifier.verify("not a hash", "correct horse")


@pytest.mark.anyio
async def test_an_accent_is_one_however_it_was_typed() -> None:
    stored = await Passwords(known=[STORED]).hash("cafe\u0301")
    assert await Passwords(known=[STORED]).verify(stored, "caf\u00e9")


class Spy:
    """Stands in for the hasher: tells which hashes are compared, and in which threads, and can be made to wait."""

    def __init__(self) -> None:
        self.compared: list[str] = []
        self.threads: set[int] = set()
        self.busy = self.most = 0
        self.lock = threading.Lock()
        self.go_on = threading.Event()

    def hash(self, password: str) -> str:
        return REAL.hash(password)

    def verify(self, stored: str, password: str) -> bool:
        with self.lock:
            self.compared.append(stored)
            self.threads.add(threading.get_ident())
            self.busy += 1
            self.most = max(self.most, self.busy)
        self.go_on.wait(10)
        with self.lock:
            self.busy -= 1
        return True


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    spy = Spy()
    monkeypatch.setattr(passwords, "HASHER", spy)
    return spy


@pytest.mark.anyio
async def test_without_accounts_unknown_users_cost_what_new_hashes_do(spy: Spy) -> None:
    verifier = Passwords(known=[])
    spy.go_on.set()
    assert not await verifier.verify(None, "x")
    assert extract_parameters(spy.compared[0]).memory_cost == 19456


@pytest.mark.anyio
async def test_an_unknown_user_costs_what_a_known_one_does(spy: Spy) -> None:
    verifier = Passwords(known=[STORED, STORED, CHEAP.hash("y"), hash_password_of_today()])
    spy.go_on.set()
    assert not await verifier.verify(None, "correct horse")
    assert extract_parameters(spy.compared[0]) == extract_parameters(STORED)


def hash_password_of_today() -> str:
    return PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash("z")


@pytest.mark.anyio
async def test_the_loop_goes_on_while_at_most_so_many_are_hashed_and_more_are_turned_away(spy: Spy) -> None:
    verifier = Passwords(threads=2, waiting=3, known=[STORED])
    answers: list[Any] = []

    async def try_one() -> None:
        try:
            answers.append(await verifier.verify(STORED, "x"))
        except Rejected as rejected:
            answers.append((rejected.status_code, rejected.retry_after))

    async with anyio.create_task_group() as group:
        for _ in range(7):
            group.start_soon(try_one)
        while len(answers) < 2:
            await anyio.lowlevel.checkpoint()
        assert answers == [(503, 1), (503, 1)]
        spy.go_on.set()
    assert answers[2:] == [True] * 5
    assert spy.most <= 2
    assert threading.get_ident() not in spy.threads
    assert await verifier.verify(STORED, "x")

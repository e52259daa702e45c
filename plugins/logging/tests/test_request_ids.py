"""Request ids: what is taken over, and what is made."""

import os
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_logging.request_ids import acceptance, accepted_id, new_id, new_request_id, new_span_id


@pytest.mark.parametrize("value", [b"a", b"A.b_c-9", b"x" * 128, b"0" * 32])
def test_an_id_of_harmless_characters_is_taken_over(value: bytes) -> None:
    assert accepted_id(value) == value


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"x" * 129,
        b"a b",
        b"a\nb",
        b"a\n",
        b"a\r\nSet-Cookie: x=1",
        b"a/b",
        b"a%0a",
        b"\xe9",
        b'a"',
        b"a\x00",
        b"a,b",
    ],
)
def test_an_id_of_anything_else_is_refused(value: bytes) -> None:
    assert accepted_id(value) is None


@given(st.binary(max_size=140))
def test_what_is_accepted_is_what_was_sent_and_fits_in_a_header(value: bytes) -> None:
    accepted = accepted_id(value)
    assert accepted is None or (accepted == value and accepted.decode("ascii").isprintable() and 1 <= len(value) <= 128)


def test_new_ids_have_the_length_of_trace_ids_and_are_accepted_themselves() -> None:
    assert len(new_id()) == 32
    assert len(new_span_id()) == 16
    assert len(new_request_id()) == 32
    assert accepted_id(new_request_id()) is not None


@pytest.mark.parametrize("make", [new_id, new_span_id, new_request_id])
def test_new_ids_do_not_repeat(make: Callable[[], object]) -> None:
    assert len({make() for _ in range(10_000)}) == 10_000


def test_threads_do_not_get_the_same_ids() -> None:
    made: list[bytes] = []

    def make() -> None:
        made.extend(new_request_id() for _ in range(5000))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 20_000


@pytest.mark.parametrize(
    ("whose", "client", "accepted"),
    [
        ("anyone", None, b"mine"),
        ("anyone", ("192.0.2.9", 1), b"mine"),
        ("trusted", ("192.0.2.1", 1), b"mine"),
        ("trusted", ("192.0.2.9", 1), None),
        ("trusted", None, None),
        ("nobody", ("192.0.2.1", 1), None),
    ],
)
def test_ids_are_taken_from_those_who_may_give_them(whose: str, client: Any, accepted: bytes | None) -> None:
    accepts = acceptance(whose, lambda address: address == "192.0.2.1")
    assert accepts(b"mine", {"client": client}) == accepted
    assert accepts(b"no id", {"client": client}) is None


def test_an_application_that_seeds_the_random_module_does_not_repeat_ids() -> None:
    random.seed(1)
    first = new_id()
    random.seed(1)
    assert new_id() != first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_makes_other_ids_than_its_parent() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, b"".join([new_id().encode(), *(new_request_id() for _ in range(3))]))
        os._exit(0)
    os.waitpid(child, 0)
    made = os.read(reader, 4 * 32)
    assert made[:32].decode() != new_id()
    assert {made[32:64], made[64:96], made[96:]}.isdisjoint(new_request_id() for _ in range(300))
    os.close(reader)
    os.close(writer)

"""Request ids: what is taken over, and what is made."""

import os
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_logging.request_ids import accepted_id, new_id, new_span_id


@pytest.mark.parametrize("value", [b"a", b"A.b_c-9", b"x" * 128, b"0" * 32])
def test_an_id_of_harmless_characters_is_taken_over(value: bytes) -> None:
    assert accepted_id(value) == value.decode()


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
    assert accepted is None or (accepted.encode() == value and accepted.isprintable() and 1 <= len(accepted) <= 128)


def test_new_ids_have_the_length_of_trace_ids_and_are_accepted_themselves() -> None:
    assert len(new_id()) == 32
    assert len(new_span_id()) == 16
    assert accepted_id(new_id().encode()) is not None


def test_new_ids_do_not_repeat() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


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
        os.write(writer, new_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 32).decode() != new_id()
    os.close(reader)
    os.close(writer)

"""State around one dict."""

from __future__ import annotations

import copy
import pickle

import pytest

from pegboard.state import State, StateKey

COUNT = StateKey[int]("count")


def test_attribute_key_and_typed_key_are_the_same_place() -> None:
    """What one sets the others see."""
    state = State()
    state[COUNT] = 1
    number: int = state[COUNT]
    assert number == state["count"] == state.count == 1
    state.count = 2
    assert state[COUNT] == 2
    state["count"] = 3
    assert state.count == 3


def test_the_dict_is_not_copied() -> None:
    """What is set through the view is seen in the dict, and the other way round."""
    scope_state: dict[str, object] = {}
    state = State(scope_state)
    state.a = 1
    scope_state["b"] = 2
    assert scope_state == {"a": 1, "b": 2}
    assert state.b == 2


def test_it_is_a_collection_of_names() -> None:
    """Iteration, length, truth and membership are the dict's."""
    state = State({"a": 1, "b": 2})
    assert list(state) == ["a", "b"]
    assert len(state) == 2
    assert "a" in state
    assert "c" not in state
    assert not State()


def test_deleting() -> None:
    """A name can be deleted either way."""
    state = State({"a": 1, "b": 2})
    del state.a
    del state["b"]
    assert len(state) == 0


def test_every_public_name_belongs_to_the_user() -> None:
    """No method hides a value."""
    state = State()
    for name in ("get", "items", "keys", "state", "update"):
        setattr(state, name, name)
        assert getattr(state, name) == name


def test_a_missing_attribute_tells_what_is_there() -> None:
    """The error names what was asked for and what could have been."""
    with pytest.raises(AttributeError, match="no attribute 'pool'; it has 'poll'"):
        _ = State({"poll": 1}).pool
    with pytest.raises(AttributeError, match="no attribute 'pool'; it is empty"):
        del State().pool


def test_a_missing_key_is_a_key_error() -> None:
    """By key it behaves as a dict."""
    with pytest.raises(KeyError, match="a"):
        State()["a"]
    with pytest.raises(KeyError, match="a"):
        del State()["a"]


def test_repr_shows_no_values() -> None:
    """Values may be secrets."""
    assert repr(State({"token": "hunter2"})) == "State(token)"


def test_it_can_be_copied_and_pickled() -> None:
    """A shallow copy shares the dict, a deep one and a pickled one have their own."""
    state = State({"a": [1]})
    assert copy.copy(state).a is state.a
    for other in (copy.deepcopy(state), pickle.loads(pickle.dumps(state))):
        assert other.a == [1]
        assert other.a is not state.a

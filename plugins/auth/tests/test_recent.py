"""What was verified a moment ago is remembered, and not too much of it."""

from pegboard_auth.identity import Access, User
from pegboard_auth.recent import Recent

ANN, BOB = (Access(User(name), "bearer") for name in ("ann", "bob"))


def test_an_entry_is_the_access_and_its_end() -> None:
    recent = Recent(2)
    recent.keep(b"a", ANN, 10.0)
    assert recent.get(b"a") == (ANN, 10.0)
    assert recent.get(b"b") is None


def test_the_oldest_go_first_and_one_that_is_kept_anew_is_the_youngest() -> None:
    recent = Recent(2)
    for key in (b"a", b"b", b"a", b"c"):
        recent.keep(key, ANN, 10.0)
    assert len(recent) == 2
    assert recent.get(b"b") is None
    assert recent.get(b"a") is not None
    recent.keep(b"a", BOB, 20.0)
    assert recent.get(b"a") == (BOB, 20.0)


def test_with_no_room_nothing_is_kept() -> None:
    recent = Recent(0)
    recent.keep(b"a", ANN, 10.0)
    assert len(recent) == 0


def test_everything_can_be_forgotten() -> None:
    recent = Recent(2)
    recent.keep(b"a", ANN, 10.0)
    recent.clear()
    assert recent.get(b"a") is None
    recent.keep(b"a", ANN, 10.0)
    assert recent.get(b"a") is not None

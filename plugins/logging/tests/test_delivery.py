"""The queue and its thread."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from pegboard_logging.delivery import BATCH, Writer, is_writing
from pegboard_logging.entries import Entry, Event
from pegboard_logging.targets import CallTarget, Line, Target

SOON = 10.0
"""Seconds that a test waits for the thread at most; it waits for what happens, never for time to pass."""


class Recording(Target):
    """Keeps what is written; can be blocked, and made to fail."""

    described = "recording"

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.free = threading.Event()
        self.free.set()
        self.entered = threading.Event()
        self.failure: Exception | None = None
        self.closed = 0
        self.reopened = 0

    def write(self, lines: Sequence[Line]) -> None:
        self.entered.set()
        self.free.wait(SOON)
        if self.failure is not None:
            raise self.failure
        self.lines += [line.decode() for _, line in lines]

    def reopen(self) -> None:
        self.reopened += 1

    def close(self) -> None:
        self.closed += 1


def entry(text: str) -> Event:
    return Event(0.0, 20, {}, "log", {"message": text})


def make_line(made: Entry) -> Line | None:
    assert isinstance(made, Event)
    text = text_of(made)
    return None if text == "unwanted" else (made.level, text.encode())


def text_of(made: Event) -> str:
    if made.event == "records_lost":
        return f"lost {made.fields['count']} {made.fields['reason']}"
    if made.fields["message"] == "unsayable":
        raise ValueError("cannot say it")
    return str(made.fields["message"])


MakeWriter = Callable[..., Writer]


@pytest.fixture
def target() -> Recording:
    return Recording()


@pytest.fixture
def make(target: Recording) -> Iterator[MakeWriter]:
    made: list[Writer] = []

    def make(size: int = 100, interval: float = 0.0, patience: float = SOON) -> Writer:
        made.append(Writer(make_line, target, size, interval, patience))
        return made[-1]

    yield make
    target.free.set()
    for writer in made:
        writer.close()


def test_entries_are_written_in_order(make: MakeWriter, target: Recording) -> None:
    writer = make(size=1000)
    for number in range(500):
        writer.put(entry(str(number)))
    assert writer.flush(SOON)
    assert target.lines == [str(number) for number in range(500)]


def test_a_close_writes_what_is_queued_and_closes_the_target(make: MakeWriter, target: Recording) -> None:
    writer = make(interval=60.0)
    writer.put(entry("last"))
    writer.close()
    assert target.lines == ["last"]
    assert target.closed == 1


def test_a_flush_does_not_wait_for_the_interval(make: MakeWriter, target: Recording) -> None:
    writer = make(interval=60.0)
    writer.put(entry("now"))
    assert writer.flush(SOON)
    assert target.lines == ["now"]


def test_what_is_enough_for_a_batch_is_written_before_the_interval_is_over(make: MakeWriter, target: Recording) -> None:
    writer = make(size=2 * BATCH, interval=60.0)
    for number in range(BATCH):
        writer.put(entry(str(number)))
    assert target.entered.wait(SOON)


def test_a_closed_writer_starts_again(make: MakeWriter, target: Recording) -> None:
    writer = make()
    for text in ("one", "two"):
        writer.put(entry(text))
        writer.close()
    assert target.lines == ["one", "two"]


def test_closing_what_never_started_closes_the_target(make: MakeWriter, target: Recording) -> None:
    make().close()
    assert target.closed == 1


def test_a_sleeping_thread_is_woken(make: MakeWriter, target: Recording) -> None:
    writer = make()
    for text in ("one", "two", "three"):
        writer.put(entry(text))
        assert writer.flush(SOON)
    assert target.lines == ["one", "two", "three"]


def test_an_overflow_is_dropped_counted_and_reported(make: MakeWriter, target: Recording) -> None:
    writer = make(size=3)
    target.free.clear()
    writer.put(entry("in the thread's hands"))
    assert target.entered.wait(SOON)
    for number in range(8):
        writer.put(entry(str(number)))
    assert writer.full
    target.free.set()
    writer.close()
    assert target.lines[0] == "in the thread's hands"
    assert sorted(target.lines[1:]) == ["0", "1", "2", "lost 5 queue_full"]


def test_nothing_is_lost_when_many_threads_put(make: MakeWriter, target: Recording) -> None:
    writer = make(size=100_000)

    def put_many() -> None:
        for number in range(2500):
            writer.put(entry(str(number)))

    threads = [threading.Thread(target=put_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert len(target.lines) == 10_000


def test_a_failing_target_is_told_once_and_what_was_lost_is_counted(
    make: MakeWriter, target: Recording, capfd: pytest.CaptureFixture[str]
) -> None:
    writer = make()
    target.failure = OSError(28, "No space left on device")
    for number in range(3):
        writer.put(entry(str(number)))
        assert writer.flush(SOON)
    target.failure = None
    writer.put(entry("works again"))
    writer.close()
    assert sorted(target.lines) == ["lost 3 target", "works again"]
    complaint = capfd.readouterr().err
    assert complaint.count("\n") == 1
    assert "cannot write to recording: OSError: [Errno 28] No space left on device" in complaint


def test_a_report_that_could_not_be_written_is_reported_later(
    make: MakeWriter, target: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pegboard_logging.delivery.REPORT_INTERVAL", 0.0)
    writer = make()
    target.failure = OSError("gone")
    writer.lose("queue_full", 7)
    for _ in range(2):
        writer.put(entry("lost"))
        assert writer.flush(SOON)
    target.failure = None
    writer.close()
    assert sorted(target.lines) == ["lost 2 target", "lost 7 queue_full"]


def test_a_target_that_fails_to_the_end_lets_the_writer_close(
    make: MakeWriter, target: Recording, capfd: pytest.CaptureFixture[str]
) -> None:
    writer = make()
    target.failure = OSError("gone")
    writer.put(entry("lost"))
    writer.close()
    assert target.lines == []
    assert "gone" in capfd.readouterr().err


def test_what_was_not_wanted_anyhow_is_not_counted_as_lost(make: MakeWriter, target: Recording) -> None:
    writer = make()
    target.failure = OSError("gone")
    for text in ("unwanted", "wanted", "unwanted"):
        writer.put(entry(text))
    writer.close()
    assert writer.lost == {"target": 1}


def test_a_line_that_a_target_cannot_take_costs_only_itself(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    lines: list[bytes] = []

    def take(line: bytes) -> None:
        if line == b"poison":
            raise ValueError("too long")
        lines.append(line)

    monkeypatch.setattr("pegboard_logging.delivery.REPORT_INTERVAL", 60.0)
    writer = Writer(make_line, CallTarget(take), 100, 60.0, SOON)
    for text in ("one", "poison", "two"):
        writer.put(entry(text))
    writer.close()
    assert lines == [b"one", b"two"]
    assert writer.lost == {"target": 1}
    assert "ValueError: too long" in capfd.readouterr().err


def test_an_entry_that_cannot_be_said_costs_only_itself(
    make: MakeWriter, target: Recording, capfd: pytest.CaptureFixture[str]
) -> None:
    writer = make()
    for text in ("before", "unsayable", "after"):
        writer.put(entry(text))
    writer.close()
    assert sorted(target.lines) == ["after", "before", "lost 1 unwritable"]
    assert "cannot say it" in capfd.readouterr().err


def test_a_blocked_target_does_not_hold_up_a_shutdown_for_ever(
    make: MakeWriter, target: Recording, capfd: pytest.CaptureFixture[str]
) -> None:
    writer = make(patience=0.05)
    target.free.clear()
    writer.put(entry("one"))
    assert target.entered.wait(SOON)
    writer.put(entry("two"))
    assert not writer.flush(0.01)
    writer.close()
    assert "1 records were not written to recording within 0.05 seconds" in capfd.readouterr().err


def test_the_patience_of_a_shutdown_is_not_spent_again_when_the_process_ends(
    make: MakeWriter, target: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered: list[object] = []
    monkeypatch.setattr("pegboard_logging.delivery.atexit.register", registered.append)
    monkeypatch.setattr("pegboard_logging.delivery.atexit.unregister", registered.remove)
    writer = make(patience=0.01)
    target.free.clear()
    writer.put(entry("one"))
    assert target.entered.wait(SOON)
    assert registered == [writer.close]
    writer.close()
    assert registered == []


def test_the_target_is_asked_to_open_again(make: MakeWriter, target: Recording) -> None:
    make().reopen()
    assert target.reopened == 1


def test_a_thread_that_writes_is_known(make: MakeWriter, target: Recording) -> None:
    writer = make()
    seen: list[bool] = []
    target.write = lambda lines: seen.append(is_writing())  # type: ignore[method-assign]
    writer.put(entry("x"))
    assert writer.flush(SOON)
    assert seen == [True]
    assert not is_writing()


def test_when_no_thread_can_start_any_more_entries_are_written_at_once(
    make: MakeWriter, target: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    writer = make()
    writer.put(entry("late"))
    writer.put(entry("later"))
    assert target.lines == ["late", "later"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_starts_with_an_empty_queue_and_a_thread_of_its_own(make: MakeWriter, target: Recording) -> None:
    writer = make(interval=60.0)
    writer.put(entry("the parent's"))
    reader, pipe = os.pipe()
    child = os.fork()
    if child == 0:
        writer.put(entry("the child's"))
        written = writer.flush(SOON)
        os.write(pipe, f"{written} {target.lines}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 1000) == b'True ["the child\'s"]'
    writer.close()
    assert target.lines == ["the parent's"]
    os.close(reader)
    os.close(pipe)

"""From a request to a target without waiting: a bounded queue, and a thread that turns entries into lines.

Rules that must not move:

- `put` does nothing but append. It wakes the thread only when that sleeps, and the thread, once woken, gathers for a
  moment before it writes: under load nobody is woken at all, and batches are large.
- Nothing that the thread does can fail a request. What cannot be written is dropped, counted, and said once on stderr.
- What was lost is reported in the log itself, with the reason, at most once a second.
- The thread starts with the first entry, and again after a close or in a forked child, so that a log needs no lifespan.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress

from pegboard_logging.entries import Entry, Event
from pegboard_logging.fields import LEVELS
from pegboard_logging.targets import Line, LinesLost, Target, complain

__all__ = ["Writer", "is_writing"]

BATCH = 256
"""Entries made into lines before the interpreter is left to other threads: half a millisecond's work."""

NAP = 0.0005
"""Seconds that it is left to them then, unless the queue is half full or somebody waits for it to be empty."""

LOOK_INTERVAL = 0.01
"""Seconds between two looks at whether enough for a batch has been gathered."""

REPORT_INTERVAL = 1.0
"""Seconds between two reports of lost records."""

LOST = "records_lost"


_state = threading.local()


def is_writing() -> bool:
    """Whether a writer is at work in this thread: what targets log themselves must not be written again."""
    return getattr(_state, "writing", False)


class Writer:
    """A queue of at most ``size`` entries, and the thread that empties it.

    ``interval`` is how long entries are gathered, ``patience`` how long `close` waits; both in seconds.
    ``dropped`` is told of each entry that found no room. ``is_asleep`` says whether the thread has to be roused.
    """

    def __init__(
        self,
        make_line: Callable[[Entry], Line | None],
        target: Target,
        size: int,
        interval: float,
        patience: float,
        dropped: Callable[[Entry], None] | None = None,
    ) -> None:
        self.target = target
        self.size = size
        self.interval = interval
        self.patience = patience
        self.lost: Counter[str] = Counter()
        self._make_line = make_line
        self._dropped = dropped
        self.entries: deque[Entry] = deque()
        self._reset()
        if hasattr(os, "register_at_fork"):
            forked = weakref.WeakMethod(self._forked)
            os.register_at_fork(after_in_child=lambda: (method := forked()) and method())

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None
        self.is_asleep = True
        self._busy = False
        self._closing = False
        self._failing = False
        self._complained = False
        self._lost: Counter[str] = Counter()
        self._reported = 0.0

    # For requests

    @property
    def full(self) -> bool:
        """Whether the next entry would be dropped."""
        return len(self.entries) >= self.size

    def put(self, entry: Entry) -> None:
        """Queue an entry to be written; when the queue is full it is dropped and counted."""
        if len(self.entries) >= self.size:
            self.lose("queue_full")
            if self._dropped is not None:
                self._dropped(entry)
            return
        self.entries.append(entry)
        if self.is_asleep:
            self.rouse()

    def lose(self, reason: str, count: int = 1) -> None:
        """Count entries that are not going to be written."""
        with self._lock:
            self.lost[reason] += count
            self._lost[reason] += count
        if self.is_asleep:
            self.rouse()

    # For whoever starts and stops

    def reopen(self) -> None:
        """Let the target open again what may have been moved."""
        self.target.reopen()

    def flush(self, timeout: float) -> bool:
        """Wait until all that was queued is written, at most ``timeout`` seconds; says whether it is."""
        deadline = time.monotonic() + timeout
        self._hurry.set()
        while (pending := bool(self.entries or self._busy)) and time.monotonic() < deadline:
            time.sleep(0.001)
        if not self._closing:
            self._hurry.clear()
        return not pending

    def close(self) -> None:
        """Write what is queued, stop the thread and close the target; a later `put` starts both again."""
        with self._lock:
            thread = self._thread
            if thread is not None:
                self._closing = True
                self._wake.set()
                self._hurry.set()
        if thread is None:
            self.target.close()
            return
        atexit.unregister(self.close)
        thread.join(self.patience)
        if thread.is_alive():
            left, target = len(self.entries), self.target.described
            complain(f"{left} records were not written to {target} within {self.patience:g} seconds")
            return
        self._write_all()
        self.target.close()

    # The thread

    def rouse(self) -> None:
        """Wake the thread, or start it."""
        with self._lock:
            self.is_asleep = False
            if self._thread is not None:
                self._wake.set()
                return
            self._closing = False
            self._wake.clear()
            self._hurry.clear()
            self._busy = True
            self._thread = threading.Thread(target=self._run, name="pegboard-logging", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:
                # The interpreter is going down and starts no threads any more.
                self._thread = None
                self.is_asleep = True
        if self._thread is None:
            self._write_all()
            self._busy = False
        else:
            atexit.register(self.close)

    def _run(self) -> None:
        while True:
            self._gather()
            self._write_all()
            self._busy = False
            if self._closing:
                break
            self._rest()
            self._busy = True
        with self._lock:
            self._thread = None
            self.is_asleep = True

    def _gather(self) -> None:
        """Wait for more, until the interval is over or there is enough: what waits for long leaves the caches."""
        end = time.monotonic() + self.interval
        while len(self.entries) < BATCH and (left := end - time.monotonic()) > 0:
            if self._hurry.wait(min(left, LOOK_INTERVAL)):
                return

    def _rest(self) -> None:
        """Sleep until there is something to write: the flag first, then the look; `put` does it the other way round."""
        self.is_asleep = True
        if not self.entries and not self._closing:
            self._wake.wait(REPORT_INTERVAL if self._lost else None)
        self.is_asleep = False
        self._wake.clear()

    def _write_all(self) -> None:
        _state.writing = True
        try:
            self._write_batches()
        finally:
            _state.writing = False

    def _write_batches(self) -> None:
        while batch := self._take():
            entries, lines = self._made(batch)
            try:
                self.target.write(lines)
            except Exception as error:  # noqa: BLE001  whatever a target raises, requests go on
                lost = error.indexes if isinstance(error, LinesLost) else range(len(entries))
                self._failed([entries[index] for index in lost], error.__cause__ or error)
                if not self.entries:
                    return
            else:
                self._failing = self._complained = False
            if len(batch) < BATCH and not self._lost and not self._closing:
                return  # What has come meanwhile may be gathered.
            # The thread that serves requests has been waiting for the interpreter.
            if len(self.entries) * 2 < self.size:
                self._hurry.wait(NAP)
            else:
                time.sleep(0)

    def _take(self) -> list[Entry]:
        batch: list[Entry] = self._reports()
        take, append = self.entries.popleft, batch.append
        with suppress(IndexError):
            for _ in range(BATCH):
                append(take())
        return batch

    def _made(self, batch: list[Entry]) -> tuple[list[Entry], list[Line]]:
        """The lines of those entries that are to be written, and these entries."""
        make, entries, lines = self._make_line, [], []
        for entry in batch:
            try:
                line = make(entry)
            except Exception as error:  # noqa: BLE001  one entry that cannot be said is no reason to stop
                self._complain(f"a record is dropped, of which no line can be made: {type(error).__name__}: {error}")
                self.lose("unwritable")
            else:
                if line is not None:
                    entries.append(entry)
                    lines.append(line)
        return entries, lines

    def _reports(self) -> list[Entry]:
        """What was lost since the last report, when it is time for another."""
        now = time.monotonic()
        # A last report is due at the close, but a target that fails is not asked again and again.
        due = now - self._reported >= REPORT_INTERVAL or (self._closing and not self._failing)
        if not self._lost or not due:
            return []
        with self._lock:
            lost, self._lost = self._lost, Counter()
        self._reported = now
        return [
            Event(time.time(), LEVELS["warning"], {}, LOST, {"count": count, "reason": reason})
            for reason, count in lost.items()
        ]

    def _failed(self, entries: list[Entry], error: BaseException) -> None:
        with self._lock:
            for entry in entries:
                if isinstance(entry, Event) and entry.event == LOST:
                    self._lost[entry.fields["reason"]] += entry.fields["count"]
                else:
                    self.lost["target"] += 1
                    self._lost["target"] += 1
        self._failing = True
        self._reported = time.monotonic()
        self._complain(
            f"cannot write to {self.target.described}: {type(error).__name__}: {error}; "
            "records are dropped and counted until it works again"
        )

    def _complain(self, text: str) -> None:
        if not self._complained:
            self._complained = True
            complain(text)

    def _forked(self) -> None:
        """In a forked child there is no thread, and what was queued is the parent's to write."""
        self.entries.clear()
        self._reset()

"""Silver: whatever a request or a life of the board took is given back.

Things are counted after each of several rounds over the same paths. What grows from round to round leaks; what the
first rounds made and keep is a cache.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Mapping, Sequence
from contextvars import Context
from itertools import pairwise

import anyio

from pegboard.requests import Request
from pegboard.testing.conformance.checks import Check, Nonconformity
from pegboard.testing.conformance.paths import EXIT_PATHS, ExitPath
from pegboard.testing.conformance.subjects import Subject
from pegboard.testing.conformance.walking import headers_for, run, serving, speak
from pegboard.websockets import WebSocket

__all__ = ["LEAKS"]

ROUNDS = 4
AREA = "leaks"


def leaks_nothing_in_requests(subject: Subject) -> None:
    """After a request no task, thread, open file, context or request object of its own is left."""
    counts = run(_count_rounds, subject)
    last = counts[1:]
    problems = [
        f"{kind}: {', '.join(str(count[kind]) for count in counts)} after {ROUNDS} rounds over the same paths"
        for kind in last[0]
        if all(later[kind] > earlier[kind] for earlier, later in pairwise(last))
    ]
    _refuse("requests leave something behind", problems)


def leaks_nothing_in_life(subject: Subject) -> None:
    """After the shutdown no task, thread or open file of the plugin is left."""
    run(_live, subject)
    threads, files = _threads(), _open_files()
    left = run(_live, subject)
    problems = [f"the task {name!r} still runs" for name in left]
    for thread in _threads() - threads:
        thread.join(1.0)
    problems += [f"the thread {thread.name!r} still runs" for thread in _threads() - threads if thread.is_alive()]
    gc.collect()
    if (more := _open_files() - files) > 0:
        problems.append(f"{more} files are still open")
    _refuse("the shutdown leaves something behind", problems)


async def _count_rounds(subject: Subject) -> list[Mapping[str, int]]:
    board, headers = subject.board(), headers_for(subject)
    counts: list[Mapping[str, int]] = []
    paths = [path for path in EXIT_PATHS if path.faults.cancel_at is None]
    async with serving(board) as state:
        for _ in range(ROUNDS):
            for path in paths:
                # As under a server, each has a task and a context of its own.
                async with anyio.create_task_group() as group:
                    group.start_soon(speak, board, path, headers, state)
            gc.collect()
            counts.append(_counts())
    return counts


async def _live(subject: Subject) -> list[str]:
    before = {task.id for task in anyio.get_running_tasks()}
    board = subject.board()
    async with serving(board) as state:
        await speak(board, ExitPath("answer"), headers_for(subject), state)
    return [str(task.name) for task in anyio.get_running_tasks() if task.id not in before]


def _counts() -> Mapping[str, int]:
    return {
        "running tasks": len(anyio.get_running_tasks()),
        "threads": threading.active_count(),
        "open files": _open_files(),
        "contexts": sum(isinstance(each, Context) for each in gc.get_objects()),
        "request objects": sum(isinstance(each, Request | WebSocket) for each in gc.get_objects()),
    }


def _threads() -> set[threading.Thread]:
    return set(threading.enumerate())


def _open_files() -> int:
    """How many descriptors this process holds; 0 where the system does not tell."""
    try:
        return len(os.listdir("/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"))  # noqa: PTH112, PTH208
    except OSError:
        return 0


def _refuse(what: str, problems: Sequence[str]) -> None:
    if problems:
        raise Nonconformity(f"{what}:\n- " + "\n- ".join(problems))


LEAKS = (
    Check("silver", AREA, "requests-leave-nothing", leaks_nothing_in_requests),
    Check("silver", AREA, "the-shutdown-leaves-nothing", leaks_nothing_in_life),
)

"""Background tasks all run, and the one that fails is named."""

import logging
from functools import partial

import pytest

from pegboard.background import BackgroundTask, BackgroundTasks

pytestmark = pytest.mark.anyio


async def test_async_and_sync_tasks_run_in_their_order() -> None:
    done: list[str] = []

    async def later(word: str) -> None:
        done.append(word)

    tasks = BackgroundTasks([BackgroundTask(later, "async")])
    tasks.add_task(done.append, "sync")
    tasks.add_task(partial(later, word="partial"))
    await tasks()
    assert done == ["async", "sync", "partial"]


async def test_a_task_that_fails_does_not_drop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    async def broken() -> None:
        raise LookupError("first")

    def also_broken() -> None:
        raise ValueError("second")

    tasks = BackgroundTasks()
    for func in (broken, partial(done.append, "middle"), also_broken, partial(done.append, "last")):
        tasks.add_task(func)
    with pytest.raises(LookupError) as caught, caplog.at_level(logging.ERROR, "pegboard.background"):
        await tasks()
    assert done == ["middle", "last"]
    assert (
        "in background task 'test_a_task_that_fails_does_not_drop_the_others.<locals>.broken'" in caught.value.__notes__
    )
    (record,) = caplog.records
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)


async def test_one_task_alone_raises_what_it_raises() -> None:
    async def broken(*, word: str) -> None:
        raise LookupError(word)

    with pytest.raises(LookupError, match="yes"):
        await BackgroundTask(broken, word="yes")()

"""Body filters in a chain: what each is fed, what comes out, and how all of them end."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.exceptions import HookError
from pegboard.filters import BodyFilter, FilterChain

pytestmark = pytest.mark.anyio


class Fed(BodyFilter):
    """Keeps what it is fed; gives it with its mark around each piece."""

    def __init__(self, mark: str = "", gather: int = 0) -> None:
        self.mark = mark.encode()
        self.gather = gather
        self.fed: list[tuple[bytes, bool]] = []
        self.closed = 0

    def feed(self, chunk: bytes, more: bool) -> bytes:
        self.fed.append((chunk, more))
        return self.mark + chunk + self.mark

    def close(self) -> None:
        self.closed += 1


class AsyncFed(Fed):
    async def feed(self, chunk: bytes, more: bool) -> bytes:  # type: ignore[override]
        await anyio.lowlevel.checkpoint()
        return super().feed(chunk, more)


class Keeps(Fed):
    """Gives everything at the end, as a compressor may."""

    def feed(self, chunk: bytes, more: bool) -> bytes:
        super().feed(chunk, more)
        return b"" if more else b"".join(piece for piece, _ in self.fed)


def chain(*filters: BodyFilter, blamed: list[BaseException] | None = None) -> FilterChain:
    return FilterChain([(each, (blamed if blamed is not None else []).append) for each in filters])


async def run(filters: FilterChain, *pieces: bytes) -> list[bytes]:
    return [await filters.feed(piece, index < len(pieces) - 1) for index, piece in enumerate(pieces)]


@pytest.mark.parametrize("cls", [Fed, AsyncFed])
async def test_filters_compose_from_inside_out(cls: type[Fed]) -> None:
    """What the inner one gives, the outer one is fed."""
    assert await run(chain(cls("i"), cls("o")), b"x", b"y") == [b"oixio", b"oiyio"]


async def test_the_last_piece_comes_once_with_more_false() -> None:
    """Also when it is empty, and when a filter before gave nothing until then."""
    inner, outer = Keeps(), Fed()
    assert await run(chain(inner, outer), b"a", b"b", b"") == [b"", b"", b"ab"]
    assert inner.fed == [(b"a", True), (b"b", True), (b"", False)]
    assert outer.fed == [(b"ab", False)]


async def test_a_filter_that_gathers_gets_a_short_body_whole() -> None:
    """Below its wish, and at its end, everything arrives in one piece."""
    gathering = Fed(gather=10)
    assert await run(chain(gathering), b"abc", b"def", b"g") == [b"", b"", b"abcdefg"]
    assert gathering.fed == [(b"abcdefg", False)]


async def test_a_filter_that_gathers_gets_a_long_body_from_its_wish_on() -> None:
    """The first piece has what was gathered; the next ones come as they are."""
    gathering = Fed(gather=5)
    assert await run(chain(gathering), b"abc", b"def", b"g", b"") == [b"", b"abcdef", b"g", b""]
    assert gathering.fed == [(b"abcdef", True), (b"g", True), (b"", False)]


async def test_the_head_is_held_until_the_first_feed_of_all_that_gather() -> None:
    """A filter that does not gather holds nothing."""
    filters = chain(Fed(), Fed(gather=2), Fed(gather=4))
    held = [filters.holds_head]
    for piece in (b"a", b"b", b"cd"):
        await filters.feed(piece, True)
        held.append(filters.holds_head)
    assert held == [True, True, True, False]
    assert not chain(Fed()).holds_head


@given(st.lists(st.binary(max_size=6), min_size=1, max_size=8), st.lists(st.integers(0, 20), min_size=1, max_size=3))
def test_nothing_is_lost_or_reordered(pieces: Sequence[bytes], wishes: Sequence[int]) -> None:
    """Whatever the pieces and the wishes, the bytes that come out are those that went in."""
    filters = [Fed(gather=wish) for wish in wishes]

    async def all_of() -> bytes:
        return b"".join(await run(chain(*filters), *pieces))

    assert anyio.run(all_of) == b"".join(pieces)
    for each in filters:
        assert [more for _, more in each.fed][-1] is False
        assert all(more for (_, more), _ in pairwise(each.fed))


async def test_other_kinds_of_bytes_are_bytes() -> None:
    """A filter may give a bytearray or a memoryview."""

    class Gives(BodyFilter):
        def __init__(self, kind: Any) -> None:
            self.kind = kind

        def feed(self, chunk: bytes, more: bool) -> bytes:
            given: bytes = self.kind(chunk)
            return given

    assert await run(chain(Gives(bytearray), Gives(memoryview)), b"x") == [b"x"]


@pytest.mark.parametrize("given", [None, "text", 5])
async def test_anything_else_is_refused(given: Any) -> None:
    """The error names the filter, and its giver is blamed."""

    class Wrong(BodyFilter):
        def feed(self, chunk: bytes, more: bool) -> bytes:
            wrong: bytes = given
            return wrong

    blamed: list[BaseException] = []
    with pytest.raises(HookError, match=r"Wrong\.feed returned .*; expected bytes") as caught:
        await run(chain(Wrong(), blamed=blamed), b"x")
    assert blamed == [caught.value]


async def test_a_feed_that_fails_is_blamed_on_its_giver() -> None:
    """Only the filter that failed is named."""

    class Fails(BodyFilter):
        def feed(self, chunk: bytes, more: bool) -> bytes:
            raise ValueError("failed")

    innocent: list[BaseException] = []
    guilty: list[BaseException] = []
    filters = FilterChain([(Fed(), innocent.append), (Fails(), guilty.append)])
    with pytest.raises(ValueError, match="failed"):
        await filters.feed(b"x", True)
    assert (len(innocent), len(guilty)) == (0, 1)


async def test_every_filter_is_closed_once(caplog: pytest.LogCaptureFixture) -> None:
    """One that fails to close is blamed and logged, and the others are closed all the same."""

    class Fails(Fed):
        def close(self) -> None:
            super().close()
            raise ValueError("failed to close")

    filters = [Fed(), Fails(), Fed()]
    blamed: list[BaseException] = []
    together = chain(*filters, blamed=blamed)
    together.close()
    together.close()
    assert [each.closed for each in filters] == [1, 1, 1]
    assert [str(error) for error in blamed] == ["failed to close"]
    assert "Closing the body filter Fails failed" in caplog.text


async def test_a_filter_needs_no_close() -> None:
    """The base closes nothing, and feeding is what a filter has to bring."""
    base = BodyFilter()
    base.close()
    with pytest.raises(NotImplementedError):
        base.feed(b"", False)

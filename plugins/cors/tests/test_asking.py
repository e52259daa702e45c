"""Asking the owner's function: sync or async, and what it may return."""

from __future__ import annotations

from typing import Any

import pytest

from pegboard.requests import HTTPConnection
from pegboard_cors.asking import ask

pytestmark = pytest.mark.anyio

CONNECTION = HTTPConnection({"type": "http", "headers": []})


async def test_a_function_gets_text_and_connection_and_its_names_are_lowered() -> None:
    """The origin is a str; names come back as they stand in headers."""
    seen: list[Any] = []

    def function(origin: str, connection: HTTPConnection) -> tuple[bool, list[str]]:
        seen.append((origin, connection))
        return True, ["X-Tenant"]

    assert await ask(function, b"https://a.example", CONNECTION) == (True, (b"x-tenant",))
    assert seen == [("https://a.example", CONNECTION)]


async def test_an_async_function_is_awaited() -> None:
    """A coroutine function is as good as a plain one."""

    async def function(origin: str, connection: HTTPConnection) -> tuple[bool, tuple[str, ...]]:
        return False, ()

    assert await ask(function, b"https://a.example", CONNECTION) == (False, ())


@pytest.mark.parametrize(
    "answer",
    [True, None, (1, ()), (True,), (True, "X-Tenant"), (True, None), (True, (), ()), (True, [5]), (True, [b"x"]), [[]]],
)
async def test_anything_but_a_verdict_is_an_error_that_says_what_is(answer: object) -> None:
    """A bare truth value would leave caches to mix answers up."""
    with pytest.raises(TypeError, match="expected \\(allowed, names\\)"):
        await ask(lambda origin, connection: answer, b"https://a.example", CONNECTION)


async def test_names_that_are_no_headers_are_refused() -> None:
    """A name goes into Vary, so it has to be one."""
    with pytest.raises(ValueError, match="header name"):
        await ask(lambda origin, connection: (True, ["X\r\nY"]), b"https://a.example", CONNECTION)


@pytest.mark.parametrize("is_async", [False, True])
async def test_what_the_function_raises_says_whose_it_is(is_async: bool) -> None:
    """A traceback alone does not tell an owner which of many functions a request met."""

    def function(origin: str, connection: HTTPConnection) -> Any:
        raise LookupError("no tenants")

    async def async_function(origin: str, connection: HTTPConnection) -> Any:
        raise LookupError("no tenants")

    with pytest.raises(LookupError) as caught:
        await ask(async_function if is_async else function, b"https://a.example", CONNECTION)
    assert caught.value.__notes__ == ["in the function that the plugin 'cors' was given as allow_origin"]

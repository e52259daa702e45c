"""Clients for asking providers."""

from collections.abc import AsyncIterator

import httpx
import pytest

from pegboard_auth.http_clients import http_client, read_at_most

pytestmark = pytest.mark.anyio


async def test_certificates_are_read_once_for_all_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    await (await http_client(1)).aclose()

    def again() -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(httpx, "create_ssl_context", again)
    async with await http_client(3) as client:
        assert not client.follow_redirects
        assert client.timeout.connect == 3


@pytest.mark.parametrize(("size", "expected"), [(0, 0), (1000, 1000), (1001, None), (100_000, None)])
async def test_no_more_is_read_than_was_asked_for(size: int, expected: int | None) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(size):
            yield b"x"

    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=pieces()))
    async with (
        await http_client(3, transport) as client,
        client.stream("GET", "http://127.0.0.1/") as response,
    ):
        body = await read_at_most(response, 1000)
    assert (None if body is None else len(body)) == expected

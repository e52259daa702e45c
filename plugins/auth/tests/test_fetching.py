"""What is fetched from a stranger's server stays within limits."""

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from web_provider import WebProvider, web_provider

from pegboard_auth.fetching import FetchError, NotFound, check_url, fetch_object

pytestmark = pytest.mark.anyio


@pytest.fixture
def provider() -> Iterator[WebProvider]:
    with web_provider() as running:
        yield running


async def test_an_object_is_fetched(provider: WebProvider) -> None:
    url = provider.serve("/jwks", {"keys": []})
    assert await fetch_object(url) == {"keys": []}
    assert provider.headers[0]["accept-encoding"] == "identity"


async def test_a_redirect_within_the_origin_is_followed(provider: WebProvider) -> None:
    provider.serve("/here", {"a": 1})
    provider.serve("/two", b"", 307, location=f"{provider.url}/here")
    assert await fetch_object(provider.serve("/one", b"", 302, location="/two")) == {"a": 1}
    assert provider.asked == ["/one", "/two", "/here"]


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.2:1/",
        "https://127.0.0.1/",
        "http://localhost/",
        "//evil.example/jwks",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
    ],
)
async def test_a_redirect_to_another_origin_is_not_followed(provider: WebProvider, target: str) -> None:
    with pytest.raises(FetchError, match="another origin"):
        await fetch_object(provider.serve("/jwks", b"", 302, location=target))
    assert provider.asked == ["/jwks"]


async def test_redirects_end(provider: WebProvider) -> None:
    with pytest.raises(FetchError, match="more than 3 redirects"):
        await fetch_object(provider.serve("/jwks", b"", 302, location="/jwks"))
    assert len(provider.asked) == 4


ANSWERS: dict[str, tuple[Any, int, dict[str, str], str]] = {
    "too large": (b'{"a": "' + b"x" * 2000 + b'"}', 200, {}, "larger than 1024 bytes"),
    "compressed all the same": (b"\x1f\x8b", 200, {"content_encoding": "gzip"}, "content coding"),
    "an error": ({}, 500, {}, "answered 500"),
    "no content": (b"", 204, {}, "answered 204"),
    "no JSON": (b"<html>", 200, {}, "not JSON"),
    "a list": ([], 200, {}, "not a JSON object"),
    "a member twice": (b'{"keys": [], "keys": []}', 200, {}, "repeated"),
    "not UTF-8": (b'{"a": "\xff"}', 200, {}, "not JSON"),
    "a redirect to nowhere": (b"", 302, {"location": "http://[::1"}, "."),
    "a redirect to a port that is none": (b"", 302, {"location": "http://127.0.0.1:99999/"}, "another origin"),
    "a redirect to a file": (b"", 302, {"location": "file:///etc/passwd"}, "another origin"),
}


@pytest.mark.parametrize("case", ANSWERS)
async def test_any_other_answer_is_an_error_that_says_why(provider: WebProvider, case: str) -> None:
    content, status, headers, expected = ANSWERS[case]
    url = provider.serve("/jwks", content, status, **headers)
    with pytest.raises(FetchError, match=expected):
        await fetch_object(url, max_size=1024)


@pytest.mark.parametrize("status", [404, 410])
async def test_what_is_not_there_is_told_apart(provider: WebProvider, status: int) -> None:
    with pytest.raises(NotFound):
        await fetch_object(provider.serve("/jwks", b"", status))


async def test_a_provider_that_does_not_answer_is_given_up(provider: WebProvider) -> None:
    url = provider.serve("/jwks", {})
    provider.go_on.clear()
    with pytest.raises(FetchError, match=r"no answer within 0.2 seconds|Timeout"):
        await fetch_object(url, timeout=0.2)


async def test_a_provider_that_is_down_is_an_error_and_no_exception_of_the_client() -> None:
    with web_provider() as gone:
        url = gone.serve("/jwks", {})
    with pytest.raises(FetchError, match="ConnectError"):
        await fetch_object(url)


async def test_a_document_that_comes_in_drops_is_given_up() -> None:
    """Each drop comes in time, and all of them together do not."""

    async def drip(stream: Any) -> None:
        async with stream:
            await stream.receive()
            await stream.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
            with anyio.CancelScope():
                while True:
                    try:
                        await stream.send(b" ")
                    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                        return
                    await anyio.sleep(0.05)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, drip)
        with pytest.raises(FetchError, match="no answer within"):
            await fetch_object(f"http://127.0.0.1:{port}/jwks", timeout=0.4)
        group.cancel_scope.cancel()


@pytest.mark.parametrize(
    "url",
    [
        "https://issuer.example",
        "https://issuer.example:8443/path?x=1",
        "http://127.0.0.1:8000/x",
        "http://[::1]/x",
        "http://localhost/x",
    ],
)
async def test_an_address_that_may_be_asked(url: str) -> None:
    assert check_url(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://issuer.example",
        "http://localhost.evil.example",
        "http://128.0.0.1",
        "ftp://127.0.0.1",
        "https://user:pass@issuer.example",
        "https://",
        "issuer.example",
        "",
        "https://issuer.example/#x",
        "https://issuer.example/a b",
        "https://issuer.example:port/",
        "https://[::1",
        "javascript:alert(1)",
    ],
)
async def test_an_address_that_may_not(url: str) -> None:
    assert check_url(url)
    with pytest.raises(FetchError):
        await fetch_object(url)

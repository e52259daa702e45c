"""The quickstart, served by a real uvicorn as a user starts it, and asked over real sockets."""

import gzip
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest
from servers import QUICKSTART, Server, serving
from websockets.sync.client import connect

TOKEN = {"Authorization": "Bearer quickstart-token-for-trying-out"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(QUICKSTART, tmp_path_factory.mktemp("quickstart") / "server.log") as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"Accept-Encoding": "identity"}, timeout=10) as client:
        yield client


def test_the_page_shows_the_plugins_in_their_order(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    places = [page.text.index(f"<b>{name}</b>") for name in ("logging", "cors", "auth", "gzip")]
    assert places == sorted(places)
    assert 'href="/greet/Ada"' in page.text


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/greet/Ada", 200, "Hello, Ada!"),
        ("/items/42", 200, '{"id":42,"name":"A peg"}'),
        ("/items/x", 404, "Nothing hangs at /items/x"),
        ("/count", 200, "1\n2\n3\n4\n5\n"),
        ("/later", 202, "Accepted"),
        ("/fail", 500, "Internal Server Error"),
        ("/any/thing", 404, "Nothing hangs at /any/thing"),
    ],
)
def test_every_route_answers(client: httpx.Client, path: str, status: int, body: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (status, body)


def test_the_query_gives_details(client: httpx.Client) -> None:
    assert client.get("/items/42?details=yes").json()["details"].startswith("Made of beech.")


def test_head_follows_get_and_options_tells_the_methods(client: httpx.Client) -> None:
    head = client.head("/greet/Ada")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "11", b"")
    options = client.options("/greet/Ada")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert client.post("/greet/Ada").status_code == 405


def test_the_stream_arrives_piece_by_piece(client: httpx.Client) -> None:
    with client.stream("GET", "/count") as answer:
        first = next(answer.iter_raw())
    assert first == b"1\n"


def test_a_websocket_echoes(server: Server) -> None:
    with connect(f"ws://127.0.0.1:{server.port}/echo") as websocket:
        for text in ("one", "zwölf", "x" * 100_000):
            websocket.send(text)
            assert websocket.recv(timeout=10) == text


def test_cors_allows_the_configured_origin_and_no_other(client: httpx.Client) -> None:
    good = client.get("/greet/Ada", headers={"Origin": "https://app.example.org"})
    assert good.headers["access-control-allow-origin"] == "https://app.example.org"
    bad = client.get("/greet/Ada", headers={"Origin": "https://evil.example"})
    assert bad.status_code == 200
    assert "access-control-allow-origin" not in bad.headers
    assert "Origin" in good.headers["vary"]
    assert "Origin" in bad.headers["vary"]


def test_a_preflight_is_answered_before_authentication(client: httpx.Client) -> None:
    headers = {"Origin": "https://app.example.org", "Access-Control-Request-Method": "GET"}
    answer = client.options("/private", headers=headers)
    assert answer.status_code in (200, 204)
    assert answer.headers["access-control-allow-origin"] == "https://app.example.org"
    assert "GET" in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize(("coding", "decode"), [("gzip", gzip.decompress), ("br", brotli.decompress)])
def test_whole_bodies_are_compressed(server: Server, coding: str, decode: Any) -> None:
    with httpx.stream("GET", server.url + "/items/1?details=1", headers={"Accept-Encoding": coding}) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == coding
    assert "Accept-Encoding" in answer.headers["vary"]
    assert int(answer.headers["content-length"]) == len(body)
    assert json.loads(decode(body))["id"] == 1


def test_small_answers_are_left_alone_but_vary(client: httpx.Client) -> None:
    answer = client.get("/greet/Ada", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers


def test_the_private_route_wants_the_token(client: httpx.Client) -> None:
    refused = client.get("/private")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    wrong = client.get("/private", headers={"Authorization": "Bearer wrong"})
    assert wrong.status_code == 401
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    let_in = client.get("/private", headers=TOKEN)
    assert (let_in.status_code, let_in.json()) == (200, {"you are": "Ada"})


def test_there_is_one_access_line_per_request(tmp_path: Path) -> None:
    paths = ["/", "/greet/Ada", "/private", "/count", "/fail", "/gone"]
    with serving(QUICKSTART, tmp_path / "server.log") as server:
        ids = {}
        for number, path in enumerate(paths):
            answer = httpx.get(server.url + path, headers={"X-Request-ID": f"test-{number}"})
            ids[path] = answer.headers["x-request-id"]
        # uvicorn shuts down in order, and then lets the signal have its way.
        assert server.stop() == -signal.SIGTERM
        output = server.output()
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    records = {line["request_id"]: line for line in lines if str(line.get("request_id", "")).startswith("test-")}
    assert ids == {path: f"test-{number}" for number, path in enumerate(paths)}
    assert sorted(records) == sorted(ids.values())
    assert len([line for line in lines if str(line.get("request_id", "")).startswith("test-")]) == len(paths)
    assert {records[ids[path]]["path"]: records[ids[path]]["status"] for path in paths} == {
        "/": 200,
        "/greet/Ada": 200,
        "/private": 401,
        "/count": 200,
        "/fail": 500,
        "/gone": 404,
    }
    assert "GET /greet/Ada HTTP/1.1" not in output

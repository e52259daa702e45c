"""The page with metrics, read by Prometheus's own parser."""

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from prometheus_client import Counter
from prometheus_client.parser import text_string_to_metric_families

from pegboard import Pegboard
from pegboard.exceptions import ConfigurationError
from pegboard.responses import PlainTextResponse
from pegboard.routing import Mount, Route
from pegboard.testclient import TestClient
from pegboard.wrapping import wrap
from pegboard_logging import Logging
from pegboard_logging.prometheus import LABELS

REQUESTS = "http_server_request_duration_seconds_count"


async def hello(request: Any) -> Any:
    return PlainTextResponse(b"hello " + await request.body())


async def fail(request: Any) -> Any:
    raise KeyError("x")


def drop(line: bytes) -> None:
    pass


def plugin(**settings: Any) -> Logging:
    return Logging(**{"metrics": "/metrics", "write": drop, "format": "json", "capture": (), **settings})


@pytest.fixture
def client() -> Iterator[TestClient]:
    routes = [
        Route("/hello/{name}", hello, methods=["GET", "POST"]),
        Mount("/api/{version}", routes=[Route("/fail", fail)]),
    ]
    board = Pegboard(routes=routes, plugins=[plugin()], config={})
    with TestClient(board, raise_server_exceptions=False) as client:
        yield client


def _ordered(labels: Mapping[str, str]) -> list[str]:
    return sorted(labels, key=lambda name: (*LABELS, name).index(name))


def scraped(client: TestClient, path: str = "/metrics") -> dict[str, dict[tuple[str, ...], float]]:
    """The samples of a scrape: by name, and by the values of the labels in order."""
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    samples: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(response.text):
        for sample in family.samples:
            samples.setdefault(sample.name, {})[tuple(sample.labels[name] for name in _ordered(sample.labels))] = (
                sample.value
            )
    return samples


def test_requests_are_counted_by_method_route_status_and_error(client: TestClient) -> None:
    for _ in range(3):
        client.get("/hello/ada")
    client.post("/hello/bob", content=b"12345")
    client.get("/api/2/fail")
    client.get("/nowhere")
    samples = scraped(client)
    assert samples[REQUESTS] == {
        ("GET", "/hello/{name}", "200", ""): 3,
        ("POST", "/hello/{name}", "200", ""): 1,
        ("GET", "/api/{version}/fail", "500", "KeyError"): 1,
        ("GET", "", "404", ""): 1,
    }
    assert samples["http_server_request_body_bytes_total"]["POST", "/hello/{name}", "200", ""] == 5
    assert samples["http_server_response_body_bytes_total"]["POST", "/hello/{name}", "200", ""] == 11


def test_durations_are_a_histogram_that_grows_to_the_count(client: TestClient) -> None:
    client.get("/hello/ada")
    samples = scraped(client)
    buckets = [*samples["http_server_request_duration_seconds_bucket"].values()]
    assert len(buckets) == 15
    assert buckets == sorted(buckets)
    assert buckets[-1] == 1
    assert 0 < samples["http_server_request_duration_seconds_sum"]["GET", "/hello/{name}", "200", ""] < 60


def test_a_scrape_sees_itself_being_served_and_then_counted(client: TestClient) -> None:
    assert scraped(client)["http_server_active_requests"] == {(): 1}
    samples = scraped(client)
    assert samples["http_server_active_requests"] == {(): 1}
    assert samples[REQUESTS]["GET", "/metrics", "200", ""] == 1


def test_metrics_of_others_stand_on_the_same_page(client: TestClient) -> None:
    Counter("shop_orders", "Orders.").inc(4)
    samples = scraped(client)
    assert samples["shop_orders_total"] == {(): 4}
    assert "python_info" in samples


def test_what_is_not_worth_a_line_is_counted_all_the_same() -> None:
    lines: list[bytes] = []
    routes = [
        Route("/sampled", hello, plugins={"logging": {"sample": 0.0}}),
        Route("/health", hello),
        Route("/silent", hello, plugins={"logging": {"record": False}}),
    ]
    board = Pegboard(routes=routes, plugins=[plugin(write=lines.append, exclude=["/health"])], config={})
    with TestClient(board) as client:
        for path in ("/sampled", "/health", "/silent"):
            client.get(path)
        samples = scraped(client)
    assert {route for _, route, *_ in samples[REQUESTS]} == {"/sampled", "/health", "/silent"}
    assert lines == []


def test_requests_whose_records_are_dropped_are_counted_and_so_are_the_drops() -> None:
    free, entered = threading.Event(), threading.Event()

    def block(line: bytes) -> None:
        entered.set()
        free.wait(10.0)

    board = Pegboard(
        routes=[Route("/", hello)], plugins=[plugin(write=block, queue_size=2, flush_interval=0.0)], config={}
    )
    with TestClient(board) as client:
        client.get("/")
        assert entered.wait(10.0)
        for _ in range(7):
            client.get("/")
        free.set()
        samples = scraped(client)
    assert samples[REQUESTS]["GET", "/", "200", ""] == 8
    assert samples["pegboard_log_records_lost_total"] == {("queue_full",): 5}


def test_there_is_no_page_unless_it_is_asked_for() -> None:
    with TestClient(Pegboard(routes=[Route("/", hello)], plugins=[plugin(metrics=None)], config={})) as client:
        assert client.get("/metrics").status_code == 404


def test_an_application_that_is_wrapped_leaves_the_page_its_path() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with TestClient(wrap(app, [plugin(metrics="/-/metrics")], config={})) as client:
        assert client.get("/x").status_code == 201
        assert scraped(client, "/-/metrics")[REQUESTS]["GET", "/", "201", ""] == 1


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"metrics": "metrics"}, "metrics"),
        ({"metrics": ""}, "metrics"),
    ],
)
def test_a_path_that_is_none_refuses_the_start(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        Pegboard(routes=[Route("/", hello)], plugins=[plugin(**settings)], config={}).freeze()


def test_without_prometheus_client_the_start_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pegboard_logging.settings.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"install pegboard-logging\[prometheus\]"):
        Pegboard(routes=[Route("/", hello)], plugins=[plugin()], config={}).freeze()

"""Spans of requests, taken by OpenTelemetry's own in-memory exporter."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, SpanKind, StatusCode

from pegboard import Pegboard
from pegboard.exceptions import ConfigurationError
from pegboard.responses import JSONResponse, PlainTextResponse, StreamingResponse
from pegboard.routing import Mount, Route, WebSocketRoute
from pegboard.testclient import TestClient
from pegboard_logging import Logging, log

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


class Served:
    """A client, and the spans that were exported once it is closed."""

    def __init__(self, board: Pegboard, client: TestClient, exporter: InMemorySpanExporter) -> None:
        self.board = board
        self.client = client
        self.exporter = exporter

    @property
    def span(self) -> ReadableSpan:
        plugin: Any = self.board.plugins[0].plugin
        plugin._desk.writer.flush(10.0)
        [span] = self.exporter.get_finished_spans()
        return span

    @property
    def attributes(self) -> dict[str, Any]:
        return dict(self.span.attributes or {})


async def hello(request: Any) -> Any:
    return PlainTextResponse("hello")


def context_of(span: ReadableSpan) -> SpanContext:
    context: SpanContext | None = span.context
    assert context is not None
    return context


async def handed_on(request: Any) -> Any:
    return JSONResponse(log.trace_headers())


async def fail(request: Any) -> Any:
    raise KeyError("s3cret")


async def broken(request: Any) -> Any:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        raise ValueError("in the middle")

    return StreamingResponse(pieces())


async def socket(websocket: Any) -> None:
    await websocket.accept()


ROUTES = [
    Mount(
        "/api/{version}",
        routes=[
            Route("/items/{id}", hello, methods=["GET", "BREW"]),
            Route("/headers", handed_on),
            Route("/fail", fail),
            Route("/broken", broken),
            WebSocketRoute("/ws", socket),
        ],
    )
]


@pytest.fixture
def served() -> Iterator[Served]:
    exporter = InMemorySpanExporter()
    plugin = Logging(write=lambda line: None, format="json", capture=(), spans=SimpleSpanProcessor(exporter))
    board = Pegboard(routes=ROUTES, plugins=[plugin], config={})
    with TestClient(board, raise_server_exceptions=False) as client:
        yield Served(board, client, exporter)


def test_a_span_says_what_the_semantic_conventions_ask_for(served: Served) -> None:
    served.client.get(
        "/api/2/items/7?a=1&token=s3cret",
        headers={"user-agent": "me", "x-request-id": "mine", "traceparent": f"00-{TRACE}-{PARENT}-01"},
    )
    span = served.span
    assert span.name == "GET /api/{version}/items/{id}"
    assert span.kind is SpanKind.SERVER
    assert span.status.status_code is StatusCode.UNSET
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/api/{version}/items/{id}",
        "url.path": "/api/2/items/7",
        "url.query": "a=1&token=[redacted]",
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "client.address": "testclient",
        "user_agent.original": "me",
        "http.request.body.size": 0,
        "http.response.body.size": 5,
        "pegboard.request_id": "mine",
    }
    assert span.start_time is not None
    assert span.end_time is not None
    assert 0 < span.end_time - span.start_time < 60e9
    assert span.start_time > 1.7e18


def test_a_span_continues_the_callers_trace(served: Served) -> None:
    served.client.get(
        "/api/2/items/7", headers={"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=opaque"}
    )
    span = served.span
    assert span.parent is not None
    assert (context_of(span).trace_id, span.parent.span_id, span.parent.is_remote) == (
        int(TRACE, 16),
        int(PARENT, 16),
        True,
    )
    assert context_of(span).trace_state == {"vendor": "opaque"}


def test_a_span_has_the_id_that_was_handed_on(served: Served) -> None:
    traceparent = served.client.get("/api/2/headers").json()["traceparent"].split("-")
    span = served.span
    assert [f"{context_of(span).trace_id:032x}", f"{context_of(span).span_id:016x}", "03"] == traceparent[1:]
    assert span.parent is None


def test_what_the_caller_does_not_record_is_not_recorded_here(served: Served) -> None:
    served.client.get("/api/2/items/7", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
    served.client.get("/api/2/items/8")
    assert served.attributes["url.path"] == "/api/2/items/8"


def test_an_unknown_method_is_other(served: Served) -> None:
    served.client.request("BREW", "/api/2/items/7")
    span = served.span
    assert span.name == "HTTP /api/{version}/items/{id}"
    assert (span.attributes or {})["http.request.method"] == "_OTHER"
    assert (span.attributes or {})["http.request.method_original"] == "BREW"


def test_a_path_that_no_route_answers_has_no_route_and_is_no_error(served: Served) -> None:
    served.client.get("/nowhere")
    span = served.span
    assert (span.name, span.status.status_code) == ("GET", StatusCode.UNSET)
    assert "http.route" not in (span.attributes or {})
    assert "error.type" not in (span.attributes or {})


def test_an_exception_is_an_error_with_its_type_and_nothing_of_its_text(served: Served) -> None:
    served.client.get("/api/2/fail")
    span = served.span
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "KeyError"
    assert "s3cret" not in span.to_json()


def test_an_answer_that_breaks_off_is_an_error_with_the_status_that_went_out(served: Served) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        served.client.get("/api/2/broken")
    span = served.span
    assert span.status.status_code is StatusCode.ERROR
    assert ((span.attributes or {})["http.response.status_code"], (span.attributes or {})["error.type"]) == (
        200,
        "ValueError",
    )


def test_a_websocket_has_no_span(served: Served) -> None:
    with served.client.websocket_connect("/api/2/ws"):
        pass
    served.client.get("/api/2/items/7")
    assert served.attributes["http.route"] == "/api/{version}/items/{id}"


def test_a_processor_that_fails_costs_no_line_and_is_told_once(capfd: pytest.CaptureFixture[str]) -> None:
    class Broken(SpanProcessor):
        def on_end(self, span: ReadableSpan) -> None:
            raise RuntimeError("no collector")

    lines: list[bytes] = []
    board = Pegboard(routes=ROUTES, plugins=[Logging(write=lines.append, format="json", spans=Broken())], config={})
    with TestClient(board) as client:
        for _ in range(3):
            client.get("/api/2/items/7")
    assert len(lines) == 3
    assert capfd.readouterr().err.count("a span was not taken: RuntimeError: no collector") == 1


def test_spans_that_are_held_are_handed_on_at_the_end() -> None:
    flushed: list[int] = []

    class Holding(SpanProcessor):
        def force_flush(self, timeout_millis: int = 30000) -> bool:
            flushed.append(timeout_millis)
            return True

    plugin = Logging(write=lambda line: None, spans=Holding(), shutdown_timeout=2.0)
    with TestClient(Pegboard(routes=ROUTES, plugins=[plugin], config={})):
        pass
    assert flushed == [2000]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"spans": "otlp"}, "spans"),
        ({"spans": SimpleSpanProcessor(InMemorySpanExporter()), "trace": "off"}, "spans belong to a trace"),
    ],
    ids=["no-processor", "no-trace"],
)
def test_settings_that_cannot_be_refuse_the_start(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        Pegboard(routes=ROUTES, plugins=[Logging(**settings)], config={}).freeze()


def test_without_the_sdk_the_start_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pegboard_logging.settings.find_spec", lambda name: None)
    plugin = Logging(spans=SimpleSpanProcessor(InMemorySpanExporter()))
    with pytest.raises(ConfigurationError, match=r"install pegboard-logging\[opentelemetry\]"):
        Pegboard(routes=ROUTES, plugins=[plugin], config={}).freeze()

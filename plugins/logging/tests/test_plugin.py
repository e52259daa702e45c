"""The plugin on a board: discovery, lifespan, refusals."""

import json
import logging
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from pegboard import Pegboard
from pegboard.exceptions import ConfigurationError
from pegboard.responses import PlainTextResponse
from pegboard.routing import Route
from pegboard.testclient import LifespanFailed, TestClient
from pegboard_logging import Logging


async def hello(request: Any) -> Any:
    return PlainTextResponse("hello")


def board(**settings: Any) -> Pegboard:
    return Pegboard(routes=[Route("/", hello)], plugins=[Logging(**settings)], config={})


def test_it_is_found_through_its_entry_point() -> None:
    [found] = entry_points(group="pegboard.plugins", name="logging")
    assert found.load() is Logging


def test_it_stands_outermost() -> None:
    assert (Logging.name, Logging.phase) == ("logging", "observe")


def test_without_any_settings_a_request_is_one_json_line_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    with TestClient(board()) as client:
        client.get("/")
    [line] = capfd.readouterr().err.splitlines()
    assert json.loads(line)["path"] == "/"


def test_without_a_lifespan_requests_are_recorded_all_the_same() -> None:
    lines: list[bytes] = []
    app = board(write=lines.append, format="json", flush_interval=60.0)
    client = TestClient(app)
    client.get("/")
    plugin: Any = app.plugins[0].plugin
    assert plugin._desk.writer.flush(10.0)
    plugin._desk.stop()
    assert json.loads(lines[0])["path"] == "/"


def test_servers_access_logs_are_silent_while_the_board_runs() -> None:
    logger = logging.getLogger("uvicorn.access")
    with TestClient(board(write=lambda line: None)):
        assert logger.disabled
    assert not logger.disabled


def test_servers_access_logs_can_be_kept() -> None:
    with TestClient(board(write=lambda line: None, server_loggers=[])):
        assert not logging.getLogger("uvicorn.access").disabled


def test_a_file_that_cannot_be_written_refuses_the_start(tmp_path: Path) -> None:
    app = board(target="file", file=tmp_path / "missing" / "access.log")
    with pytest.raises(LifespanFailed, match=r"logging cannot write to .*access\.log.*another target"), TestClient(app):
        pass


def test_an_excluded_path_that_no_route_has_is_told() -> None:
    lines: list[bytes] = []
    with TestClient(board(write=lines.append, format="json", exclude=["/", "/helth"])) as client:
        client.get("/")
    [record] = [json.loads(line) for line in lines]
    assert record["message"] == "exclude names '/helth', which is the path of no route"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"format": "jsn"}, "format"),
        ({"exclude": ["health"]}, "begins with /"),
        ({"sample": 2}, "sample"),
        ({"colour": True}, "colour"),
    ],
)
def test_bad_settings_stop_the_board(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        board(**settings).freeze()


def test_routes_with_equal_settings_share_their_hooks() -> None:
    app = Pegboard(
        routes=[
            Route("/a", hello),
            Route("/b", hello),
            Route("/c", hello, plugins={"logging": {"slow": 1.0}}),
            Route("/d", hello, plugins={"logging": {"slow": 1.0}}),
        ],
        plugins=[Logging()],
        config={},
    )
    plugin: Any = app.plugins[0].plugin
    assert len(plugin._recorders) == 2


def test_a_route_cannot_have_settings_of_the_whole_board() -> None:
    app = Pegboard(
        routes=[Route("/", hello, plugins={"logging": {"target": "stdout"}})], plugins=[Logging()], config={}
    )
    with pytest.raises(ConfigurationError, match="target"):
        app.freeze()

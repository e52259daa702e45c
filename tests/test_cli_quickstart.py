"""The command line on the quickstart, as golden files: what a user with the four plugins sees."""

import json

import pytest
from command_line import check_golden, pegboard
from servers import QUICKSTART

TOKEN = "Authorization: Bearer quickstart-token-for-trying-out"

SHOWN = {
    "help": (["--help"], 0),
    "plugins": (["plugins"], 0),
    "hooks": (["hooks"], 0),
    "hooks-response": (["hooks", "response"], 0),
    "hooks-asgi": (["hooks", "asgi"], 0),
    "routes": (["routes"], 0),
    "explain-item": (["explain", "GET", "/items/42"], 0),
    "explain-private": (["explain", "GET", "/private"], 0),
    "explain-websocket": (["explain", "WEBSOCKET", "/echo"], 0),
    "explain-wrong-method": (["explain", "post", "/count"], 0),
    "config-show": (["config", "show"], 0),
    "config-show-changed": (["config", "show", "--changed"], 0),
    "config-show-board": (["config", "show", "board"], 0),
    "check": (["check"], 0),
    "check-lifespan": (["check", "--lifespan"], 0),
    "check-deploy": (["check", "--deploy"], 1),
    "add-cors": (["add", "cors"], 0),
}

WITH_JSON = [
    ["plugins"],
    ["hooks"],
    ["hooks", "body"],
    ["routes"],
    ["explain", "GET", "/"],
    ["config", "show"],
    ["config", "schema"],
    ["check"],
    ["doctor"],
    ["add", "cors"],
]


@pytest.mark.parametrize("name", SHOWN)
def test_a_command_prints_what_its_golden_file_shows(name: str) -> None:
    arguments, status = SHOWN[name]
    done = pegboard(QUICKSTART, *arguments)
    check_golden(f"quickstart/{name}", done.text(QUICKSTART))
    assert done.status == status


@pytest.mark.parametrize("arguments", WITH_JSON, ids=" ".join)
def test_json_is_all_that_is_printed(arguments: list[str]) -> None:
    done = pegboard(QUICKSTART, *arguments, "--json")
    assert json.loads(done.out)
    assert (done.status, done.err) == (0, "")


def test_a_plugin_switched_off_from_outside_is_shown_with_the_reason() -> None:
    done = pegboard(QUICKSTART, "plugins", "--json", env={"PEGBOARD_PLUGINS": "-gzip"})
    found = {row["name"]: row for row in json.loads(done.out)["plugins"]}
    assert (found["gzip"]["state"], found["gzip"]["why"]) == ("off", "switched off by -gzip")
    assert found["cors"]["state"] == "on"


def test_a_route_without_the_plugin_does_not_pay_for_it() -> None:
    rows = json.loads(pegboard(QUICKSTART, "routes", "--json").out)
    hooks = {row["path"]: row["hooks"] for row in rows}
    assert hooks["/echo"] == {"websocket": ["logging", "auth"], "websocket_complete": ["logging"]}
    assert "websocket" not in hooks["/"]
    assert hooks["/"]["response"] == ["cors", "logging"]


def test_a_live_run_times_every_step_that_ran() -> None:
    done = pegboard(QUICKSTART, "explain", "GET", "/private", "--live", "--json", "-H", TOKEN)
    found = json.loads(done.out)
    assert found["live"]["status"] == 200
    assert found["live"]["error"] == ""
    assert all(step["seconds"] > 0 for step in found["steps"])
    assert sum(step["seconds"] for step in found["steps"]) <= found["live"]["total"]


def test_a_live_run_says_which_steps_did_not_run() -> None:
    done = pegboard(QUICKSTART, "explain", "GET", "/private", "--live", "--json")
    found = json.loads(done.out)
    assert found["live"]["status"] == 401
    times = {(step["hook"], step["plugin"]): step["seconds"] for step in found["steps"]}
    assert times["request", "auth"] > 0
    assert times["endpoint", "private"] is None


def test_a_live_run_that_raises_says_what() -> None:
    done = pegboard(QUICKSTART, "explain", "GET", "/fail", "--live")
    assert "answered 500 Internal Server Error" in done.out
    assert "raised RuntimeError: This route fails on purpose" in done.out


def test_secrets_are_never_shown() -> None:
    for arguments in (["explain", "GET", "/"], ["explain", "GET", "/", "--json"], ["config", "show"]):
        done = pegboard(QUICKSTART, *arguments)
        assert "quickstart-token" not in done.out + done.err
        assert "*****" in done.out


def test_the_schema_describes_every_section() -> None:
    described = json.loads(pegboard(QUICKSTART, "config", "schema").out)
    assert {"plugins", "debug", "cors", "gzip", "auth", "logging"} <= set(described["properties"])
    assert described["additionalProperties"] is False


def test_the_schema_leaves_room_for_plugins_that_are_off() -> None:
    done = pegboard(QUICKSTART, "config", "schema", env={"PEGBOARD_PLUGINS": "-gzip"})
    assert json.loads(done.out)["properties"]["gzip"]["type"] == "object"


def test_values_of_the_environment_name_their_variable() -> None:
    done = pegboard(QUICKSTART, "config", "show", "cors", "--json", env={"PEGBOARD_CORS__MAX_AGE": "60"})
    (row,) = [row for row in json.loads(done.out) if row["key"] == "cors.max_age"]
    assert (row["value"], row["source"]) == ("60", "environment PEGBOARD_CORS__MAX_AGE")


def test_doctor_finds_an_installation_that_works() -> None:
    done = pegboard(QUICKSTART, "doctor")
    assert done.status == 0, done.out
    for said in ("python    ", "platform  ", "pegboard-cors 0.", "uvloop", "a faster event loop"):
        assert said in done.out

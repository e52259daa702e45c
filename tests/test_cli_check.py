"""What ``pegboard check`` finds besides problems: plugins that clash, and changes since the lock."""

import json
import shutil
from pathlib import Path

import pytest
from command_line import announced, check_golden, pegboard, project

CLASHING = """
from pegboard import Pegboard, Plugin, hookimpl
from pegboard.routing import Mount, Route, WebSocketRoute


async def metrics(request):
    return "metrics"


async def talk(websocket):
    await websocket.accept()


async def handle(request, exc):
    return "handled"


async def handle_otherwise(request, exc):
    return "handled otherwise"


class Frames(Plugin):
    name = "frames"
    phase = "guard"
    response_headers = ("X-Frame-Options", "vary")
    state_keys = ("user", "frames")

    @hookimpl
    def setup(self, board):
        board.add_exception_handler(404, handle)

    @hookimpl
    def routes(self):
        return [
            Route("/metrics", metrics),
            Route("/of/{name}", metrics, methods=["POST"]),
            Mount("/deep", routes=[Route("/{number:int}", metrics), Route("/{word}", metrics)]),
            WebSocketRoute("/talk", talk),
        ]


class Shield(Plugin):
    name = "shield"
    response_headers = ("x-frame-options", "vary")
    state_keys = ("user",)

    @hookimpl
    def setup(self, board):
        board.add_exception_handler(404, handle_otherwise)
        board.add_exception_handler(KeyError, handle)

    @hookimpl
    def routes(self):
        return [
            Route("/metrics", metrics, methods=["GET", "POST"]),
            Route("/of/{name}", metrics, methods=["GET"]),
            Route("/deep/{other:int}", metrics),
        ]


class Wrong(Plugin):
    name = "wrong"
    response_headers = "x-wrong"


app = Pegboard(
    routes=[Route("/own", metrics), WebSocketRoute("/talk", talk)],
    exception_handlers={KeyError: handle_otherwise},
    plugins=[Frames, Shield, Wrong],
)
"""

PEACEFUL = """
from pegboard import Pegboard
from pegboard.routing import Route

app = Pegboard()


@app.get("/")
async def home(request):
    return "home"
"""

PLUGIN = """
from pegboard import Plugin, hookimpl


class Stamp(Plugin):
    name = "stamp"

    @hookimpl
    def response(self, response):
        response.headers["x-stamp"] = "yes"
"""


def test_plugins_that_get_in_each_others_way_are_named(tmp_path: Path) -> None:
    done = pegboard(project(tmp_path, {"main.py": CLASHING, "pegboard.toml": ""}), "check")
    check_golden("broken/clash-check", done.text(tmp_path))
    assert done.status == 1


def test_clashes_are_findings_for_programs_too(tmp_path: Path) -> None:
    done = pegboard(project(tmp_path, {"main.py": CLASHING}), "check", "--json")
    found = [each["text"] for each in json.loads(done.out)["findings"] if each["kind"] == "clash"]
    assert any("x-frame-options" in text for text in found)
    assert not any("vary" in text or "POST /of" in text or "/deep/{word}" in text for text in found)


def test_our_plugins_get_along(tmp_path: Path) -> None:
    done = pegboard(project(tmp_path, {"main.py": PEACEFUL}), "check", "--json")
    assert json.loads(done.out)["findings"] == []


# The lock


def locked(folder: Path) -> Path:
    files = {"main.py": PEACEFUL, "acme_stamp.py": PLUGIN, **announced("acme-stamp", "stamp", "acme_stamp:Stamp")}
    project(folder, {**files, "pegboard.toml": 'plugins = ["stamp"]\n'})
    assert pegboard(folder, "lock").status == 0
    return folder


def test_a_lock_is_written_once_and_holds(tmp_path: Path) -> None:
    folder = locked(tmp_path)
    text = (folder / "pegboard.lock").read_bytes()
    assert pegboard(folder, "lock").out == "pegboard.lock is up to date\n"
    assert (folder / "pegboard.lock").read_bytes() == text
    assert pegboard(folder, "check", "--locked").status == 0


def test_what_an_installation_changed_is_named(tmp_path: Path) -> None:
    folder = locked(tmp_path)
    changed = PLUGIN.replace("response(self, response)", "response(self, request, response)").replace(
        'name = "stamp"', 'name = "stamp"\n    phase = "guard"'
    )
    another = PLUGIN.replace("Stamp", "Other").replace("stamp", "other")
    shutil.rmtree(folder / "acme_stamp-1.0.dist-info")
    project(
        folder,
        {
            "acme_stamp.py": changed,
            "acme_other.py": another,
            **announced("acme-stamp", "stamp", "acme_stamp:Stamp", "1.1"),
            **announced("acme-other", "other", "acme_other:Other"),
            "pegboard.toml": 'plugins = ["stamp", "other"]\n',
        },
    )
    done = pegboard(folder, "check", "--locked")
    check_golden("broken/locked-check", done.text(folder))
    assert done.status == 1
    assert pegboard(folder, "check").status == 0
    done = pegboard(folder, "lock", "--json")
    assert len(json.loads(done.out)["changes"]) == 6
    assert pegboard(folder, "check", "--locked").status == 0


@pytest.mark.parametrize(("text", "name"), [(None, "no-lock"), ("format = 99\n", "a-lock-of-the-future")])
def test_without_a_lock_that_can_be_read_there_is_nothing_to_compare(
    text: str | None, name: str, tmp_path: Path
) -> None:
    folder = project(tmp_path, {"main.py": PEACEFUL, **({} if text is None else {"pegboard.lock": text})})
    done = pegboard(folder, "check", "--locked")
    check_golden(f"refused/{name}", done.text(tmp_path))
    assert done.status == 2

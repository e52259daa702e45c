from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any

import pytest

from pegboard.settings import (
    BoardSettings,
    Invalid,
    PluginSelection,
    load_board,
    parse_plugin_list,
    read_sources,
    unknown_sections,
)


@pytest.fixture(autouse=True)
def _here(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("text", "selection"),
    [
        ("", PluginSelection()),
        (" , ", PluginSelection()),
        ("cors", PluginSelection(("cors",))),
        (" cors , app:Mine ,", PluginSelection(("cors", "app:Mine"))),
        ("cors,-gzip", PluginSelection(("cors",), ("gzip",))),
        ("-gzip,-cors", PluginSelection(None, ("gzip", "cors"))),
        ("cors,cors", PluginSelection(("cors",))),
        ("none", PluginSelection((), bare=True)),
        ("-none", PluginSelection(None, ("none",))),
    ],
)
def test_a_list_of_plugins_tells_listed_from_blocked(text: str, selection: PluginSelection) -> None:
    assert parse_plugin_list(text) == selection


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("none,cors", '"none" stands for no plugins at all and must stand alone'),
        ("cors,-cors", '"cors" is both listed and switched off ("-cors"); keep one'),
        ("cors,-", 'an entry has no name; write "name" to list a plugin, "-name" to switch it off'),
    ],
)
def test_a_list_that_contradicts_itself_is_refused(text: str, problem: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_plugin_list(text)
    assert str(caught.value) == problem


CORS = object()


@pytest.mark.parametrize(
    ("keywords", "environ", "config", "selection"),
    [
        ({}, {}, {}, PluginSelection()),
        ({}, {}, {"plugins": ["cors"]}, PluginSelection(("cors",))),
        ({}, {"PLUGINS": "gzip"}, {"plugins": ["cors"]}, PluginSelection(("gzip",))),
        ({}, {"PLUGINS": ""}, {"plugins": ["cors"]}, PluginSelection(("cors",))),
        ({}, {"PLUGINS": " "}, {}, PluginSelection()),
        ({}, {}, {"plugins": []}, PluginSelection(())),
        ({"plugins": ["auth"]}, {"PLUGINS": "gzip"}, {"plugins": ["cors"]}, PluginSelection(("auth",))),
        ({"plugins": [CORS, "auth"]}, {}, {}, PluginSelection(("auth",))),
        ({"plugins": (CORS,)}, {}, {}, PluginSelection(())),
        ({"plugins": None}, {}, {"plugins": ["cors"]}, PluginSelection(("cors",))),
        ({"plugins": []}, {}, {"plugins": ["cors"]}, PluginSelection(())),
        ({}, {"PLUGINS": "-gzip"}, {"plugins": ["cors", "gzip"]}, PluginSelection(("cors", "gzip"), ("gzip",))),
        ({"plugins": [CORS]}, {"PLUGINS": "-cors"}, {}, PluginSelection((), ("cors",))),
        ({}, {"PLUGINS": "-a"}, {"plugins": ["-b"], "blocked": ["c", "a"]}, PluginSelection(None, ("a", "b", "c"))),
        ({"blocked": ["a"]}, {"BLOCKED": "b"}, {"blocked": ["c"]}, PluginSelection(None, ("a", "b", "c"))),
        ({}, {"PLUGINS": "none"}, {"plugins": ["cors"]}, PluginSelection((), (), bare=True)),
        ({"plugins": [CORS]}, {"PLUGINS": "none"}, {}, PluginSelection((), (), bare=True)),
        ({"plugins": [CORS]}, {}, {"plugins": ["none"]}, PluginSelection(())),
        ({}, {}, {"plugins": ["none"], "blocked": ["a"]}, PluginSelection((), ("a",), bare=True)),
    ],
)
def test_plugins_are_listed_by_the_strongest_source_and_blocked_by_any(
    keywords: dict[str, Any], environ: dict[str, str], config: dict[str, Any], selection: PluginSelection
) -> None:
    sources = read_sources(config, environ={f"PEGBOARD_{name}": text for name, text in environ.items()})
    found, chosen = load_board(sources, keywords)
    assert found.problems == ()
    assert chosen == selection
    settings = found.unwrap()
    assert (settings.plugins, settings.blocked) == (chosen.listed, chosen.blocked)


def test_the_board_has_safe_defaults() -> None:
    found, _ = load_board(read_sources({}, environ={}))
    assert found.value == BoardSettings()
    assert found.unwrap().debug is False
    assert found.unwrap().max_body_size == 10 * 1024 * 1024


def test_other_keys_take_their_strongest_source() -> None:
    pathlib.Path("pegboard.toml").write_text("debug = true\norder = ['a']\nplugins = ['a']\n[cors]\nmax_age = 1\n")
    pathlib.Path("pyproject.toml").write_text("[tool.pegboard]\napp = 'main:app'\norder = ['b']\n")
    environ = {"PEGBOARD_DEBUG": "off", "PEGBOARD_PLUGINS": "-b", "PEGBOARD_CORS__MAX_AGE": "5"}
    found, _ = load_board(read_sources(environ=environ), {"max_body_size": 5})
    settings = found.unwrap()
    assert (settings.debug, settings.order, settings.app, settings.max_body_size) == (False, ("a",), "main:app", 5)
    assert [f"{row.key} from {row.origin}" for row in found.rows()] == [
        "plugins from pegboard.toml:3",
        "blocked from environment PEGBOARD_PLUGINS",
        "autoload from default",
        "order from pegboard.toml:2",
        "debug from environment PEGBOARD_DEBUG",
        "app from pyproject.toml:2",
        "max_body_size from keyword argument of Pegboard()",
        "startup_timeout from default",
        "threads from default",
    ]


def test_limits_of_threads_take_the_strongest_source_of_each() -> None:
    pathlib.Path("pegboard.toml").write_text("[threads]\nfiles = 4\nbackground = 5\n")
    environ = {"PEGBOARD_THREADS__BACKGROUND": "6"}
    found, _ = load_board(read_sources(environ=environ), {"threads": {"endpoints": 7}})
    assert [f"{row.key} is {row.value}, {row.origin}" for row in found.rows()[-3:]] == [
        "threads.endpoints is 7, keyword argument of Pegboard()",
        "threads.files is 4, pegboard.toml:2",
        "threads.background is 6, environment PEGBOARD_THREADS__BACKGROUND",
    ]


def test_limits_of_threads_that_cannot_be_are_refused() -> None:
    pathlib.Path("pegboard.toml").write_text("[threads]\nfile = 4\nbackground = 0\n")
    found, _ = load_board(read_sources(environ={"PEGBOARD_THREADS__ENDPOINTS": "many"}))
    assert "\n".join(str(problem) for problem in found.problems) == (
        "pegboard.toml:2: threads.file: unknown setting\n    did you mean files?\n"
        'environment PEGBOARD_THREADS__ENDPOINTS: threads.endpoints: expected an integer ≥ 1, got "many"\n'
        "pegboard.toml:3: threads.background: expected an integer ≥ 1, got 0"
    )


def test_everything_wrong_with_the_board_is_said_at_once() -> None:
    pathlib.Path("pegboard.toml").write_text(
        'plugins = ["cors", "-cors"]\nblocked = "gzip"\nmax_body_size = 0\nstartup_timeout = nan\norder = ["a", 1]\n'
    )
    environ = {"PEGBOARD_PLUGINS": "none,a", "PEGBOARD_DEBUG": "maybe", "PEGBOARD_APP__X": "1"}
    found, selection = load_board(read_sources(environ=environ), {"plugins": [CORS], "debgu": True})
    assert selection == PluginSelection(())
    assert "\n".join(str(problem) for problem in found.problems) == (
        "environment PEGBOARD_APP__X: app: a single value, which has no settings beneath it\n"
        'environment PEGBOARD_PLUGINS: plugins: "none" stands for no plugins at all and must stand alone\n'
        'pegboard.toml:1: plugins: "cors" is both listed and switched off ("-cors"); keep one\n'
        'pegboard.toml:2: blocked: expected a list of strings, got "gzip"\n    write it as ["gzip"]\n'
        "keyword argument of Pegboard(): debgu: unknown setting\n    did you mean debug?\n"
        'pegboard.toml:5: order[1]: expected a string, got 1\n    write it as "1"\n'
        'environment PEGBOARD_DEBUG: debug: expected true or false, got "maybe"\n'
        "pegboard.toml:3: max_body_size: expected an integer ≥ 1, got 0\n"
        "pegboard.toml:4: startup_timeout: expected a number > 0, got nan"
    )


def test_a_list_written_as_text_is_shown_as_it_should_be() -> None:
    found, _ = load_board(read_sources({"plugins": "cors,-gzip"}, environ={}))
    assert [problem.hint for problem in found.problems] == ['write it as ["cors", "-gzip"]']


@pytest.mark.parametrize(
    ("toml", "environ", "problems"),
    [
        pytest.param("debug = true\n[cors]\n[server-timing]\n", {}, [], id="all known"),
        pytest.param("", {"PEGBOARD_CORS__X": "", "PEGBOARD_SERVER_TIMING__X": "", "PEGBOARD_DEBUG": ""}, [], id="env"),
        pytest.param(
            "[cosr]\n",
            {},
            ["pegboard.toml:1: cosr: settings of a plugin that is not installed\n    did you mean cors?"],
            id="mistyped section",
        ),
        pytest.param(
            "[server_timing]\n",
            {},
            [
                (
                    "pegboard.toml:1: server_timing: settings of a plugin that is not installed\n"
                    "    did you mean server-timing?"
                )
            ],
            id="underscore in a section",
        ),
        pytest.param(
            "\n[sessions]\n",
            {},
            [
                (
                    "pegboard.toml:2: sessions: settings of a plugin that is not installed\n"
                    "    install the plugin, or take the settings away; installed are: cors, server-timing"
                )
            ],
            id="not installed",
        ),
        pytest.param(
            "debgu = true\n",
            {},
            ["pegboard.toml:1: debgu: unknown setting of the board\n    did you mean debug?"],
            id="mistyped key",
        ),
        pytest.param(
            "",
            {"PEGBOARD_COSR__MAX_AGE": "5"},
            [
                (
                    "environment PEGBOARD_COSR__MAX_AGE: cosr: settings of a plugin that is not installed\n"
                    "    did you mean cors?"
                )
            ],
            id="mistyped plugin in a variable",
        ),
        pytest.param(
            "",
            {"PEGBOARD_DEBGU": "1"},
            ["environment PEGBOARD_DEBGU: debgu: unknown setting of the board\n    did you mean debug?"],
            id="mistyped variable",
        ),
        pytest.param(
            "",
            {"PEGBOARD_CORS": "1"},
            [
                (
                    "environment PEGBOARD_CORS: cors: unknown setting of the board\n"
                    "    a plugin's setting has two underscores after its name: PEGBOARD_CORS__..."
                )
            ],
            id="a plugin's name alone",
        ),
        pytest.param(
            "",
            {"PEGBOARD_CORS_MAX_AGE": "1"},
            [
                (
                    "environment PEGBOARD_CORS_MAX_AGE: cors_max_age: unknown setting of the board\n"
                    "    a plugin's setting has two underscores after its name: PEGBOARD_CORS__MAX_AGE"
                )
            ],
            id="one underscore",
        ),
    ],
)
def test_settings_of_nobody_are_found(toml: str, environ: Mapping[str, str], problems: list[str]) -> None:
    pathlib.Path("pegboard.toml").write_text(toml)
    found = unknown_sections(read_sources(environ=environ), ["cors", "server-timing"])
    assert [str(problem) for problem in found] == problems

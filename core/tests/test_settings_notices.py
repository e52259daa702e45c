"""What a configuration says in vain is a warning with its place, and what to do."""

import logging
import pathlib
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from pegboard import Pegboard, Plugin, Settings
from pegboard.exceptions import ConfigurationError
from pegboard.references import resolve
from pegboard.routing import Route


class WordSettings(Settings, frozen=True, kw_only=True):
    text: str = "hello"


class Word(Plugin[WordSettings]):
    name = "word"
    Settings = WordSettings


@pytest.fixture(autouse=True)
def installed(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """An empty current folder, and `word` as the only plugin that is installed."""
    monkeypatch.chdir(tmp_path)
    entry = EntryPoint("word", f"{__name__}:Word", "pegboard.plugins")
    monkeypatch.setattr("pegboard.discovery.entry_points", lambda **_: (entry,))
    monkeypatch.setattr("pegboard.discovery.resolve", lambda value: Word if value == entry.value else resolve(value))
    return tmp_path


def warnings(toml: str, **options: Any) -> list[str]:
    pathlib.Path("pegboard.toml").write_text(toml)
    return Pegboard(**options).freeze().warnings


def test_a_list_in_code_that_overrules_one_in_a_file_is_told() -> None:
    (warning,) = warnings('\nplugins = ["word"]\n', plugins=[Word()])
    assert warning == (
        "pegboard.toml:2: plugins has no say, as the plugins are listed in code (keyword argument of Pegboard()); "
        "keep one of the lists, or add to the file's with add_plugin()"
    )


@pytest.mark.parametrize(
    ("toml", "options"),
    [('plugins = ["word"]\n', {}), ("", {"plugins": ["word"]}), ('plugins = ["word"]\n', {"plugins": []})],
    ids=["only the file", "only code", "a bare board in code"],
)
def test_one_list_is_no_news(toml: str, options: dict[str, Any]) -> None:
    assert warnings(toml, **options) == []


@pytest.mark.parametrize(
    ("toml", "why"),
    [("plugins = []\n[word]\n", "not listed in plugins"), ("autoload = false\n[word]\n", "autoload is off")],
    ids=["not listed", "no autoload"],
)
def test_settings_of_a_plugin_that_nobody_switched_on_are_told(toml: str, why: str) -> None:
    assert warnings(toml) == [
        f"pegboard.toml:2: word has settings, but is off: {why}; switch it on, or take its settings away"
    ]


def test_variables_of_a_plugin_that_nobody_switched_on_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEGBOARD_WORD__TEXT", "hi")
    (warning,) = warnings("plugins = []\n")
    assert warning.startswith("environment PEGBOARD_WORD__TEXT: word has settings, but is off: not listed in plugins;")


@pytest.mark.parametrize(
    ("toml", "options"),
    [('plugins = ["-word"]\n[word]\n', {}), ("[word]\n", {"plugins": []})],
    ids=["switched off by name", "a list in code"],
)
def test_settings_of_a_plugin_that_is_off_on_purpose_are_fine(toml: str, options: dict[str, Any]) -> None:
    assert warnings(toml, **options) == []


def test_a_misspelt_section_is_refused_whatever_is_on() -> None:
    with pytest.raises(ConfigurationError, match=r"pegboard.toml:2: wrod: .*\n.*did you mean word\?"):
        warnings("plugins = []\n[wrod]\n")


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ('\norder = ["wrod"]\n', "pegboard.toml:2: order names 'wrod', which is no plugin; did you mean word?"),
        ('\norder = ["word", "word"]\n', "pegboard.toml:2: order names 'word' 2 times; expected once"),
        ('\nplugins = ["wrod"]\n', "plugin 'wrod' is listed in plugins (pegboard.toml:2) but not installed"),
        ('\nplugins = ["wrod:X"]\n', "plugin 'wrod:X', listed in plugins (pegboard.toml:2), cannot be loaded"),
    ],
    ids=["order", "order twice", "plugins", "a reference"],
)
def test_names_of_plugins_are_refused_with_the_line_that_has_them(toml: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        warnings(toml)
    assert problem in str(caught.value)


def test_a_name_that_is_switched_off_for_nothing_is_told_with_its_line() -> None:
    (warning,) = warnings('plugins = ["-wrod"]\n')
    assert warning == (
        "plugin 'wrod' is switched off (pegboard.toml:1), but no plugin of that name is installed or given; "
        "did you mean word?"
    )


def test_a_file_of_nearly_the_right_name_is_told(installed: pathlib.Path) -> None:
    (installed / "Pegboard.toml").touch()
    assert Pegboard().freeze().warnings == ["Pegboard.toml is not read; its name has to be pegboard.toml"]


def _endpoint(folder: pathlib.Path) -> Any:
    """An endpoint of an application in ``folder``, and a configuration beside it."""
    folder.mkdir()
    (folder / "pegboard.toml").touch()
    namespace: dict[str, Any] = {}
    exec(compile("async def home(request): ...", str(folder / "main.py"), "exec"), namespace)
    return namespace["home"]


def test_a_file_beside_the_application_and_not_in_the_current_folder_is_told(installed: pathlib.Path) -> None:
    home = _endpoint(installed / "site")
    (warning,) = Pegboard(routes=[Route("/", home)]).freeze().warnings
    assert f"{installed / 'site' / 'pegboard.toml'} is not read, as the current folder is {installed};" in warning
    assert f"PEGBOARD_CONFIG={installed / 'site'}" in warning


def test_a_configuration_that_is_given_is_the_one_that_is_meant(installed: pathlib.Path) -> None:
    home = _endpoint(installed / "site")
    assert Pegboard(routes=[Route("/", home)], config={}).freeze().warnings == []
    assert Pegboard(routes=[Route("/", home)], config=installed / "site").freeze().warnings == []


def test_the_start_says_which_plugins_and_which_files_it_has(
    installed: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "pegboard"):
        Pegboard().freeze()
    assert caplog.messages == [f"Pegboard: plugins word; configuration none: there is no pegboard.toml in {installed}"]

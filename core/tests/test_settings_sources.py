from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping
from typing import Any

import pytest

from pegboard.settings import Sources, env_name, read_sources
from pegboard.settings.problems import Path
from pegboard.settings.sources import ConfigFile


@pytest.fixture(autouse=True)
def here(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """An empty current directory, and no variables of ours."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("PEGBOARD_"):
            monkeypatch.delenv(name)
    return tmp_path


def write(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = pathlib.Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def places(sources: Sources) -> list[str]:
    assert not sources.problems
    return [file.place for file in sources.files]


PROJECT = "[project]\nname = 'x'\n[tool.pegboard]\ndebug = true\n[tool.pegboard.cors]\nmax_age = 5\n"


@pytest.mark.parametrize(
    ("files", "config", "environ", "found"),
    [
        pytest.param({}, None, {}, [], id="nothing is there"),
        pytest.param({"pegboard.toml": ""}, None, {}, ["pegboard.toml"], id="pegboard.toml"),
        pytest.param({"pyproject.toml": PROJECT}, None, {}, ["pyproject.toml"], id="pyproject.toml"),
        pytest.param({"pyproject.toml": "[tool.ruff]\n"}, None, {}, [], id="pyproject.toml of others"),
        pytest.param(
            {"pegboard.toml": "", "pyproject.toml": PROJECT}, None, {}, ["pegboard.toml", "pyproject.toml"], id="both"
        ),
        pytest.param({"pegboard.toml": "", "a/b.toml": ""}, "a/b.toml", {}, ["a/b.toml"], id="a file by argument"),
        pytest.param({"a/pegboard.toml": ""}, "a", {}, ["a/pegboard.toml"], id="a directory by argument"),
        pytest.param({"x.toml": ""}, None, {"PEGBOARD_CONFIG": "x.toml"}, ["x.toml"], id="a file by variable"),
        pytest.param(
            {"x.toml": "", "y.toml": ""},
            "y.toml",
            {"PEGBOARD_CONFIG": "x.toml"},
            ["y.toml"],
            id="argument over variable",
        ),
        pytest.param({"pegboard.toml": ""}, None, {"PEGBOARD_CONFIG": ""}, ["pegboard.toml"], id="an empty variable"),
        pytest.param({"pegboard.toml": ""}, {}, {}, ["the mapping given as config"], id="a mapping reads no file"),
        pytest.param(
            {"a/pyproject.toml": PROJECT}, pathlib.Path("a/pyproject.toml"), {}, ["a/pyproject.toml"], id="named"
        ),
    ],
)
def test_the_files_are_found_by_argument_then_variable_then_place(
    files: dict[str, str], config: Any, environ: dict[str, str], found: list[str]
) -> None:
    write(files)
    assert places(read_sources(config, environ=environ)) == found


def test_files_are_looked_for_in_the_directory_given(tmp_path: pathlib.Path) -> None:
    write({"app/pegboard.toml": "debug = true"})
    assert places(read_sources(environ={}, directory=tmp_path / "app")) == ["app/pegboard.toml"]


def test_a_file_elsewhere_is_named_in_full(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write({"app/pegboard.toml": "", "work/x": ""})
    monkeypatch.chdir("work")
    assert places(read_sources(tmp_path / "app", environ={})) == [str(tmp_path / "app/pegboard.toml")]


def test_the_table_of_a_project_file_is_read_with_its_lines() -> None:
    write({"pyproject.toml": PROJECT})
    (file,) = read_sources(environ={}).files
    assert file.data == {"debug": True, "cors": {"max_age": 5}}
    assert str(file.origin(("cors", "max_age"))) == "pyproject.toml:6"


@pytest.mark.parametrize(
    ("path", "line"),
    [(("cors", "max_age"), 5), (("cors", "max_age", 3), 5), (("cors", "other"), 4), (("gzip",), None)],
)
def test_what_has_no_line_of_its_own_has_that_of_the_table_around_it(path: Path, line: int | None) -> None:
    file = ConfigFile("file", "pegboard.toml", {}, {("cors",): 4, ("cors", "max_age"): 5})
    assert file.origin(path).line == line


def test_a_byte_order_mark_is_no_content() -> None:
    pathlib.Path("pegboard.toml").write_bytes(b"\xef\xbb\xbfdebug = true\n")
    (file,) = read_sources(environ={}).files
    assert file.data == {"debug": True}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            b"debug = true\n[cors]\nmode = strict\n",
            'pegboard.toml:3: not valid TOML at column 8: invalid value\n    text needs quotes: key = "text"',
        ),
        (
            b"a = 1\na = 2\n",
            (
                "pegboard.toml:2: not valid TOML at column 6: cannot overwrite a value\n"
                "    the same key stands twice; keep one"
            ),
        ),
        (b"a = ", 'pegboard.toml: not valid TOML at its end: invalid value\n    text needs quotes: key = "text"'),
        (b"a = 1\nb = '\xe4'\n", "pegboard.toml:2: the file is not UTF-8\n    save it as UTF-8"),
        (b"a = " + b"[" * 100_000, "pegboard.toml: not valid TOML: values are nested too deeply"),
    ],
)
def test_a_broken_file_is_one_problem_with_its_place(content: bytes, problem: str) -> None:
    pathlib.Path("pegboard.toml").write_bytes(content)
    sources = read_sources(environ={})
    assert [str(problem) for problem in sources.problems] == [problem]
    assert sources.files == ()


def test_a_broken_file_does_not_hide_the_other() -> None:
    write({"pegboard.toml": "a =", "pyproject.toml": PROJECT})
    sources = read_sources(environ={})
    assert len(sources.problems) == 1
    assert [file.place for file in sources.files] == ["pyproject.toml"]


def test_a_broken_line_is_not_shown_for_it_may_hold_a_secret() -> None:
    write({"pegboard.toml": 'key = "hunter2\n'})
    (problem,) = read_sources(environ={}).problems
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize(
    ("config", "environ", "problem"),
    [
        (
            "none.toml",
            {},
            (
                "the path given as config: there is no file none.toml\n"
                "    give a TOML file, or a directory that holds pegboard.toml"
            ),
        ),
        (
            None,
            {"PEGBOARD_CONFIG": "none.toml"},
            (
                "environment PEGBOARD_CONFIG: there is no file none.toml\n"
                "    give a TOML file, or a directory that holds pegboard.toml"
            ),
        ),
        (".", {}, "the path given as config: there is no pegboard.toml and no pyproject.toml in ."),
    ],
)
def test_a_named_file_that_is_not_there_is_a_problem(config: Any, environ: dict[str, str], problem: str) -> None:
    assert [str(found) for found in read_sources(config, environ=environ).problems] == [problem]


def test_a_file_that_cannot_be_opened_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: pathlib.Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    write({"pegboard.toml": ""})
    monkeypatch.setattr(pathlib.Path, "read_bytes", refuse)
    (problem,) = read_sources(environ={}).problems
    assert str(problem) == "pegboard.toml: the file cannot be read: Permission denied"


@pytest.mark.parametrize("kind", ["a directory", "a link that leads nowhere"])
def test_what_is_no_file_is_not_passed_over(kind: str, here: pathlib.Path) -> None:
    if kind == "a directory":
        (here / "pegboard.toml").mkdir()
    else:
        (here / "pegboard.toml").symlink_to("gone.toml")
    (problem,) = read_sources(environ={}).problems
    assert str(problem).startswith("pegboard.toml: the file cannot be read: ")


def test_a_directory_that_cannot_be_searched_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: pathlib.Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(pathlib.Path, "exists", refuse)
    (problem,) = read_sources("a/b.toml", environ={}).problems
    assert str(problem).startswith("the path given as config: cannot be read: [Errno 13] Permission denied")


def test_a_project_table_that_is_no_table_is_a_problem() -> None:
    write({"pyproject.toml": "[tool]\npegboard = 5\n"})
    (problem,) = read_sources(environ={}).problems
    assert str(problem) == "pyproject.toml:2: tool.pegboard: expected a table, got 5"


def test_only_variables_of_ours_are_kept_with_their_steps() -> None:
    environ = {"PEGBOARD_CORS__MAX_AGE": "5", "PATH": "/bin", "PEGBOARD_CONFIG": "", "PEGBOARD_DEBUG": "1"}
    variables = read_sources({}, environ=environ).variables
    assert [(variable.name, variable.steps, variable.text) for variable in variables] == [
        ("PEGBOARD_CORS__MAX_AGE", ("cors", "max_age"), "5"),
        ("PEGBOARD_DEBUG", ("debug",), "1"),
    ]


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEGBOARD_DEBUG", "1")
    assert [variable.name for variable in read_sources({}).variables] == ["PEGBOARD_DEBUG"]


def test_the_repr_of_sources_shows_no_values() -> None:
    write({"pegboard.toml": "[auth]\nkey = 'hunter2'\n"})
    sources = read_sources(environ={"PEGBOARD_AUTH__KEY": "hunter2"})
    shown = repr(sources) + str([part.__rich_repr__() for part in (*sources.variables, *sources.files)])
    assert "PEGBOARD_AUTH__KEY" in shown
    assert "pegboard.toml" in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("steps", "name"),
    [
        (("", "debug"), "PEGBOARD_DEBUG"),
        (("cors", "max_age"), "PEGBOARD_CORS__MAX_AGE"),
        (("server-timing", "jwt", "leeway"), "PEGBOARD_SERVER_TIMING__JWT__LEEWAY"),
    ],
)
def test_the_variable_of_a_setting_can_be_asked(steps: tuple[str, ...], name: str) -> None:
    assert env_name(*steps) == name


@pytest.mark.parametrize(
    ("files", "config", "described"),
    [
        pytest.param({"pegboard.toml": ""}, None, "pegboard.toml", id="a file"),
        pytest.param(
            {"pegboard.toml": "", "pyproject.toml": PROJECT},
            None,
            "pegboard.toml and [tool.pegboard] in pyproject.toml",
            id="both",
        ),
        pytest.param({}, None, "none: there is no pegboard.toml in {here}", id="nothing"),
        pytest.param({}, {}, "the mapping given as config", id="a mapping"),
        pytest.param({}, "gone.toml", "none that can be read", id="a file that is not there"),
        pytest.param({"pegboard.toml": "[cors"}, None, "none that can be read", id="a broken file"),
    ],
)
def test_the_sources_say_which_files_they_are(
    files: Mapping[str, str], config: Any, described: str, here: pathlib.Path
) -> None:
    write(files)
    assert read_sources(config, environ={}).described == described.format(here=here)


@pytest.mark.parametrize(
    ("name", "near"),
    [("Pegboard.toml", True), ("pegbord.toml", True), ("peg-board.toml", True), ("other.toml", False)],
)
def test_a_file_of_nearly_the_right_name_is_noticed(name: str, near: bool) -> None:
    write({name: ""})
    assert read_sources(environ={}).near == (name if near else None)


def test_beside_the_right_file_no_other_is_noticed() -> None:
    write({"pegboard.toml": "", "pegboard2.toml": ""})
    assert read_sources(environ={}).near is None

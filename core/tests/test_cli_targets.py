"""Finding the application, without and with importing it."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pegboard import Pegboard
from pegboard.cli.failures import BrokenApplication, Refused
from pegboard.cli.targets import Target, load, locate

BOARD = "from pegboard import Pegboard\n{name} = Pegboard(plugins=[])\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current folder; what is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("PEGBOARD_APP", "PEGBOARD_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def test_nothing_is_found_where_nothing_is() -> None:
    assert locate() is None


def test_main_comes_before_app(folder: Path) -> None:
    (folder / "app.py").touch()
    assert locate() == Target("app", "", "app.py")
    (folder / "main.py").touch()
    assert locate() == Target("main", "", "main.py")


def test_the_configuration_comes_before_the_convention(folder: Path) -> None:
    (folder / "main.py").touch()
    (folder / "pyproject.toml").write_text('[tool.pegboard]\napp = "of.project:app"\n')
    assert locate() == Target("of.project", "app", "pyproject.toml:2")
    (folder / "pegboard.toml").write_text('app = "of.file"\n')
    assert locate() == Target("of.file", "", "pegboard.toml:1")


def test_the_environment_comes_before_the_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "pegboard.toml").write_text('app = "of.file"\n')
    monkeypatch.setenv("PEGBOARD_APP", "of.environment:app")
    assert locate() == Target("of.environment", "app", "environment PEGBOARD_APP")


def test_what_is_asked_for_comes_before_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEGBOARD_APP", "of.environment:app")
    assert locate("asked:app") == Target("asked", "app", "the command line")
    assert locate(wrap="asked:app") == Target("asked", "app", "--wrap", wrapped=True)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("main.py", ("main", "", ".")),
        ("./main.py:app", ("main", "app", ".")),
        ("a shop/board.py:board", ("board", "board", "a shop")),
        ("outer/inner/board.py", ("outer.inner.board", "", ".")),
    ],
)
def test_a_file_stands_for_its_module(asked: str, expected: tuple[str, str, str], folder: Path) -> None:
    """It is imported as Python would start it: from its own folder, or from that of the package that it is in."""
    for name in ("main.py", "a shop/board.py", "outer/__init__.py", "outer/inner/__init__.py", "outer/inner/board.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    target = locate(asked)
    assert target is not None
    assert (target.module, target.attribute, target.folder) == (*expected[:2], (folder / expected[2]).resolve())


@pytest.mark.parametrize("asked", [":app", "a b", "main:app:", "1:2", "../main", "main:app.", "nofile.py"])
def test_what_can_name_nothing_is_refused(asked: str) -> None:
    with pytest.raises(Refused):
        locate(asked)


def test_a_file_is_found_from_any_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it imports from beside itself is found as well."""
    (folder / "site").mkdir()
    (folder / "site" / "found_beside.py").write_text(BOARD.format(name="app"))
    (folder / "site" / "found_anywhere.py").write_text("from found_beside import app\n")
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    target = locate("../site/found_anywhere.py")
    assert target is not None
    app, name = load(target)
    assert isinstance(app, Pegboard)
    assert name == "found_anywhere:app"


def test_a_file_whose_name_a_module_of_python_has_is_refused(folder: Path) -> None:
    (folder / "json.py").write_text(BOARD.format(name="app"))
    target = locate("json.py")
    assert target is not None
    with pytest.raises(Refused, match=r"json\.py cannot be imported: .* has the same name and comes first; rename it"):
        load(target)


def test_a_file_that_no_import_can_name_is_refused(folder: Path) -> None:
    (folder / "my-site.py").touch()
    with pytest.raises(Refused, match="use letters, digits and underscores"):
        locate("my-site.py")


@pytest.mark.parametrize("name", ["app", "application", "shop"])
def test_the_application_of_a_module_is_found_by_name_or_by_being_the_only_board(name: str, folder: Path) -> None:
    (folder / "found_here.py").write_text(BOARD.format(name=name))
    app, full = load(Target("found_here", "", "a test"))
    assert isinstance(app, Pegboard)
    assert full == f"found_here:{name}"


def test_a_name_with_dots_leads_inward(folder: Path) -> None:
    (folder / "nested_here.py").write_text("class Outer:\n    async def app(scope, receive, send): ...\n")
    assert load(Target("nested_here", "Outer.app", "a test"))[1] == "nested_here:Outer.app"


def test_a_function_without_arguments_gives_the_application(folder: Path) -> None:
    (folder / "factory_here.py").write_text(
        "from pegboard import Pegboard\ndef make(debug=False):\n    return Pegboard(plugins=[], debug=debug)\n"
    )
    assert isinstance(load(Target("factory_here", "make", "a test"))[0], Pegboard)


def test_an_asgi_function_is_an_application_and_no_factory(folder: Path) -> None:
    (folder / "asgi_here.py").write_text("async def app(scope, receive, send): ...\n")
    app, _ = load(Target("asgi_here", "app", "a test"))
    assert not isinstance(app, Pegboard)


def test_a_wrapped_application_is_a_board(folder: Path) -> None:
    (folder / "wrapped_here.py").write_text("async def app(scope, receive, send): ...\n")
    assert isinstance(load(Target("wrapped_here", "app", "a test", wrapped=True))[0], Pegboard)


@pytest.mark.parametrize(
    "code", ["1 / 0", "import no_such_module_anywhere", "app = (", "def app(): raise KeyError", "exit()"]
)
def test_code_that_fails_is_told_from_a_module_that_is_missing(code: str, folder: Path) -> None:
    (folder / "broken_here.py").write_text(code)
    with pytest.raises(BrokenApplication):
        load(Target("broken_here", "", "a test"))
    with pytest.raises(Refused, match=r"no module 'broken_hre'.*did you mean broken_here"):
        load(Target("broken_hre", "", "a test"))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("app = 42", "'int'"),
        ("class app: pass", "a class"),
        ("async def app(request): ...", "a function that takes (request)"),
    ],
    ids=["a number", "a class", "an endpoint"],
)
def test_what_no_server_can_call_is_refused(code: str, kind: str, folder: Path) -> None:
    (folder / "not_an_app_here.py").write_text(code)
    with pytest.raises(Refused, match=re.escape(f"not_an_app_here:app is {kind}, which is no application")):
        load(Target("not_an_app_here", "", "a test"))


@pytest.mark.parametrize("way", ["__await__", "__call__"])
def test_a_class_that_is_called_with_a_scope_is_an_application(way: str, folder: Path) -> None:
    (folder / "class_here.py").write_text(f"class app:\n    def __init__(self, scope): ...\n    def {way}(self): ...\n")
    assert load(Target("class_here", "", "a test"))[1] == "class_here:app"

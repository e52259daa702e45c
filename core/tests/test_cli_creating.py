"""Templates become packages and applications whose every word is the author's."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from pegboard.cli.creating import LONGEST, app_files, plugin_files, write_files
from pegboard.cli.failures import Refused


@pytest.mark.parametrize("name", ["hello", "server-timing", "x", "a2-b", "a" * LONGEST])
def test_no_word_of_the_template_is_left(name: str) -> None:
    for path, text in plugin_files(name, "0.1.0").items():
        assert not re.search(r"my[-_ ]?plugin|(?<!\$)\{\{", f"{path}\n{text}", re.IGNORECASE), path
        if path.endswith(".py"):
            ast.parse(text)
    for path, text in app_files(name, "0.1.0").items():
        assert not re.search(r"my app|\{\{", text, re.IGNORECASE), path


def test_a_plugin_has_everything_that_a_publishable_package_has() -> None:
    assert sorted(plugin_files("server-timing", "0.1.0")) == [
        ".github/workflows/ci.yml",
        ".gitignore",
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "src/pegboard_server_timing/__init__.py",
        "src/pegboard_server_timing/plugin.py",
        "src/pegboard_server_timing/policy.py",
        "src/pegboard_server_timing/py.typed",
        "src/pegboard_server_timing/settings.py",
        "tests/test_conformance.py",
        "tests/test_plugin.py",
        "tests/test_policy.py",
        "tests/test_settings.py",
    ]


def test_an_application_has_its_configuration_and_tests() -> None:
    texts = app_files("shop", "0.1.0")
    assert sorted(texts) == [
        ".gitignore",
        "README.md",
        "main.py",
        "pegboard.toml",
        "pyproject.toml",
        "tests/test_main.py",
    ]
    assert texts["README.md"].startswith("# Shop\n")


@pytest.mark.parametrize(
    ("core_version", "range_"),
    [("0.1.0", ">=0.1,<0.2"), ("0.12.3", ">=0.12,<0.13"), ("1.4.2", ">=1.4,<2"), ("2.0.0rc1", ">=2.0,<3")],
)
def test_the_range_is_that_of_compatible_releases(core_version: str, range_: str) -> None:
    project = tomllib.loads(plugin_files("hello", core_version)["pyproject.toml"])["project"]
    assert project["dependencies"] == [f"pegboard{range_}"]
    assert project["entry-points"]["pegboard.plugins"] == {"hello": "pegboard_hello:Hello"}


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("Hello", "such as hello,"),
        ("ServerTiming", "such as server-timing,"),
        ("server_timing", "such as server-timing,"),
        ("-x", "such as x,"),
        ("x-", "such as x,"),
        ("1x", "such as server-timing,"),
        ("", "such as server-timing,"),
        ("ä", "such as server-timing,"),
        ("../x", "such as x,"),
        ("a" * (LONGEST + 1), f"at most {LONGEST} characters"),
    ],
)
def test_a_bad_name_is_refused_with_a_good_one(name: str, advice: str) -> None:
    for make in (plugin_files, app_files):
        with pytest.raises(Refused, match=re.escape(advice)):
            make(name, "0.1.0")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("pegboard-hello", "write hello"),
        ("plugins", "means something else"),
        ("settings", "would hide a class"),
        ("cors", "installed already"),
    ],
)
def test_a_name_that_no_plugin_can_have_is_refused(
    name: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "acme_cors-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-cors\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[pegboard.plugins]\ncors = acme:CORS\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(Refused, match=why):
        plugin_files(name, "0.1.0")


def test_files_are_written_into_a_new_folder_only(tmp_path: Path) -> None:
    write_files(tmp_path / "in" / "new", {"a/b.txt": "ä\n"})
    assert (tmp_path / "in" / "new" / "a" / "b.txt").read_bytes() == "ä\n".encode()
    with pytest.raises(Refused, match="is there already; choose another name, or another folder with --into"):
        write_files(tmp_path / "in" / "new", {"c": ""})
    assert not (tmp_path / "in" / "new" / "c").exists()
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="cannot be written: not a directory"):
        write_files(tmp_path / "file" / "new", {"c": ""})

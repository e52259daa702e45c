"""A path from a URL stays below its folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard.static_paths import find_below, path_parts


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", []),
        ("/", []),
        ("a.txt", ["a.txt"]),
        ("css/site.css", ["css", "site.css"]),
        ("css/", ["css"]),
        ("/etc/passwd", ["etc", "passwd"]),
        ("//server/share/a", ["server", "share", "a"]),
        ("css//./site.css", ["css", "site.css"]),
        ("...", ["..."]),
        ("a..b", ["a..b"]),
        ("..", None),
        ("../a", None),
        ("css/../../a", None),
        ("css/..", None),
        ("a\0.txt", None),
        ("..\\a", None),
        ("\\\\server\\share", None),
        ("a\\b", None),
    ],
)
def test_parts_of_paths(path: str, expected: list[str] | None) -> None:
    for windows in (False, True):
        if expected != ["..."] or not windows:
            assert path_parts(path, windows) == expected


@pytest.mark.parametrize(
    "path",
    [
        "C:",
        "c:/windows/win.ini",
        "C:a.txt",
        "a.txt::$DATA",
        "a.txt.",
        "a.txt ",
        "...",
        "con",
        "CON.txt",
        "css/nul",
        "nul .txt",
        "com1",
        "LPT9.log",
        "com¹",
        "conin$",
        "a*",
        "a?b",
        'a"b',
        "a|b",
        "a\nb",
        "<a>",
    ],
)
def test_what_windows_reads_another_way_is_no_path_there(path: str) -> None:
    assert path_parts(path, windows=True) is None
    assert path_parts(path, windows=False) == path.split("/")


@pytest.mark.parametrize("path", ["console", "com", "com10", "lpt", "nullable.txt", "aux-files", ".hidden", "a.b.c"])
def test_names_that_only_look_like_devices_are_names(path: str) -> None:
    assert path_parts(path, windows=True) == [path]


@given(st.text(alphabet=st.sampled_from("ab./\\\0:~ "), max_size=12))
def test_whatever_the_path_is_its_parts_stay_below(path: str) -> None:
    parts = path_parts(path, windows=False)
    if parts is not None:
        joined = os.path.normpath("/".join(["/srv/files", *parts]))
        assert joined == "/srv/files" or joined.startswith("/srv/files/")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    (folder / "css").mkdir(parents=True)
    (folder / "css" / "site.css").write_text("site")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "files-of-others").mkdir()
    (tmp_path / "files-of-others" / "a.txt").write_text("theirs")
    return folder


def found(folder: Path, path: str, follow_symlink: bool = False) -> str | None:
    below = find_below(str(folder), path.split("/") if path else [], follow_symlink)
    return None if below is None else str(Path(below[0]).relative_to(folder))


def test_what_is_there_is_found(folder: Path) -> None:
    assert found(folder, "css/site.css") == "css/site.css"
    assert found(folder, "css") == "css"
    assert found(folder, "") == "."
    below = find_below(str(folder), ["css", "site.css"], False)
    assert below is not None
    assert below[1].st_size == 4


@pytest.mark.parametrize("path", ["no", "css/no", "css/site.css/no"])
def test_what_is_not_there_is_an_error_of_the_system(folder: Path, path: str) -> None:
    for follow_symlink in (False, True):
        with pytest.raises((FileNotFoundError, NotADirectoryError)):
            found(folder, path, follow_symlink)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a privilege there")
def test_symbolic_links_lead_out_only_when_they_may(folder: Path) -> None:
    (folder / "inside").symlink_to("css")
    (folder / "secret").symlink_to("../secret.txt")
    (folder / "up").symlink_to("..")
    (folder / "others").symlink_to(folder.parent / "files-of-others")
    (folder / "self").symlink_to(".")
    assert found(folder, "inside/site.css") == "inside/site.css"
    assert found(folder, "self/self/css/site.css") == "self/self/css/site.css"
    for path in ("secret", "up/secret.txt", "others/a.txt", "up/files-of-others/a.txt"):
        assert found(folder, path) is None
        assert found(folder, path, follow_symlink=True) == path
    assert found(folder, "up/files/css/site.css") == "up/files/css/site.css"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a privilege there")
def test_the_folder_itself_may_be_a_link(folder: Path) -> None:
    link = folder.parent / "current"
    link.symlink_to(folder)
    (folder / "inside").symlink_to("css")
    assert found(link, "css/site.css") == "css/site.css"
    assert found(link, "inside/site.css") == "inside/site.css"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a privilege there")
def test_links_in_a_circle_are_an_error_of_the_system(folder: Path) -> None:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        found(folder, "a", follow_symlink=True)
    with pytest.raises(OSError, match="symbolic links"):
        found(folder, "a/x")

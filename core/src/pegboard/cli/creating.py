"""New packages and applications from templates: files of this package, in which a few words are replaced.

A template is read as it stands: its words are those of a plugin called ``my-plugin``. What cannot be such a word has
double braces. A file ends in ``.txt``, so that no tool takes it for code of ours; ``dot-`` stands for a leading dot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from pegboard.cli.failures import Refused
from pegboard.discovery import GROUP
from pegboard.settings import lint_name

__all__ = ["app_files", "plugin_files", "write_files"]

LONGEST = 32
"""Characters that a name may have: with more, lines of the templates would become too long."""

OURS = frozenset({"plugin", "settings", "route-hooks", "request", "head"})
"""Names whose class would hide one that the template imports."""

ROOT = PurePosixPath()
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def plugin_files(name: str, core_version: str) -> dict[str, str]:
    """The files of a plugin's package, by their paths in it. Raises Refused for a name that no plugin can have."""
    if name.startswith("pegboard-"):
        raise Refused(f"the prefix is added to the distribution's name; write {name.removeprefix('pegboard-')}")
    _check(name)
    if problems := lint_name(name):
        raise Refused(problems[0])
    if name in OURS:
        raise Refused(f"a plugin called {name!r} would hide a class of Pegboard's own in its code; choose another name")
    if name in {entry.name for entry in entry_points(group=GROUP)}:
        raise Refused(f"a plugin called {name!r} is installed already, and names are unique; choose another")
    words = name.split("-")
    return _rendered(
        "plugin",
        {
            "my-plugin": name,
            "my_plugin": "_".join(words),
            "MyPlugin": "".join(word.capitalize() for word in words),
            **_facts(core_version),
        },
    )


def app_files(name: str, core_version: str) -> dict[str, str]:
    """The files of an application, by their paths in its folder. Raises Refused for a name that makes no sense."""
    _check(name)
    return _rendered("app", {"My app": name.replace("-", " ").capitalize(), **_facts(core_version)})


def write_files(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files into a new folder. Raises Refused where it cannot be made, or is there already."""
    try:
        folder.mkdir(parents=True)
        for path, text in texts.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
    except FileExistsError:
        raise Refused(f"{folder} is there already; choose another name, or another folder with --into") from None
    except OSError as error:
        raise Refused(f"{folder} cannot be written: {(error.strerror or str(error)).lower()}") from None


def _check(name: str) -> None:
    if NAME.fullmatch(name) and len(name) <= LONGEST:
        return
    meant = "-".join(re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name)).lower()
    example = meant if NAME.fullmatch(meant) and len(meant) <= LONGEST and meant != name else "server-timing"
    raise Refused(
        f"{name!r} cannot be the name: it is made of lower-case words joined by hyphens, such as {example}, "
        f"and has at most {LONGEST} characters"
    )


def _facts(core_version: str) -> dict[str, str]:
    return {"{{range}}": _range(core_version), "{{year}}": str(datetime.now(UTC).year)}


def _range(core_version: str) -> str:
    """The releases of the core that promise to be compatible with this one."""
    major, minor = (int(part) for part in core_version.split(".")[:2])
    return f">={major}.{minor},<{major + 1}" if major else f">=0.{minor},<0.{minor + 1}"


def _rendered(template: str, words: Mapping[str, str]) -> dict[str, str]:
    found = re.compile("|".join(map(re.escape, words)))
    package = f"src/pegboard_{words.get('my_plugin', '')}"
    texts = {}
    for path, text in sorted(_texts(files("pegboard.cli") / "templates" / template)):
        place = path.replace("src/package", package, 1)
        texts[place] = found.sub(lambda match: words[match[0]], text)
    return texts


def _texts(folder: Traversable, at: PurePosixPath = ROOT) -> list[tuple[str, str]]:
    """Every file below a folder of the package, by its path in what is made of it."""
    texts = []
    for each in folder.iterdir():
        name = re.sub(r"^dot-", ".", each.name)
        if each.is_dir():
            texts += _texts(each, at / name)
        elif name.endswith(".txt"):
            texts.append((str(at / name.removesuffix(".txt")), each.read_text(encoding="utf-8")))
    return texts

"""Where settings come from, read once: environment, ``pegboard.toml``, ``[tool.pegboard]`` in ``pyproject.toml``.

`read_sources` does all the reading there is; what it gives is plain data, and everything after it is pure. It never
raises for what a user may do wrong: a missing, unreadable or broken file is a `Problem`, and the sources without it are
given all the same, so that all problems can be reported together. Sources hold secrets, so their repr names them only.

Names of environment variables: ``PEGBOARD_<KEY>`` for the board, ``PEGBOARD_<PLUGIN>__<KEY>`` for a plugin, one more
``__`` for each table beneath. A hyphen in a plugin's name is written ``_``.
"""

from __future__ import annotations

import difflib
import os
import pathlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pegboard.settings.problems import Origin, OriginKind, Path, Problem, show
from pegboard.settings.toml_lines import find_lines

__all__ = ["PREFIX", "ConfigFile", "Sources", "Variable", "env_name", "env_word", "read_sources"]

PREFIX = "PEGBOARD_"
CONFIG_VARIABLE = "PEGBOARD_CONFIG"

_FILE = "pegboard.toml"
_PROJECT_FILE = "pyproject.toml"
_PROJECT_TABLE = ("tool", "pegboard")

_PLACE_IN_ERROR = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_TOML_HINTS = {
    "Invalid value": 'text needs quotes: key = "text"',
    "Cannot overwrite a value": "the same key stands twice; keep one",
}


class Variable(msgspec.Struct, frozen=True):
    """One environment variable of ours: ``PEGBOARD_CORS__MAX_AGE`` has the steps ``("cors", "max_age")``."""

    name: str
    steps: tuple[str, ...]
    text: str

    def __repr__(self) -> str:
        return f"<variable {self.name}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("name", self.name)]


class ConfigFile(msgspec.Struct, frozen=True):
    """One file's contents, or a mapping given in its place, with the line of each path where there are lines."""

    kind: OriginKind
    place: str
    data: Mapping[str, Any]
    lines: Mapping[Path, int] = {}
    root: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<configuration {self.place}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("place", self.place)]

    @property
    def described(self) -> str:
        """The file's name, with the table in it that is ours."""
        return f"[{'.'.join(self.root)}] in {self.place}" if self.root else self.place

    def origin(self, path: Path) -> Origin:
        """Give the place of a path, or of the nearest table around it that has a line of its own."""
        full = (*self.root, *path)
        for length in range(len(full), 0, -1):
            if line := self.lines.get(full[:length]):
                return Origin(self.kind, self.place, line)
        return Origin(self.kind, self.place)


class Sources(msgspec.Struct, frozen=True):
    """Everything that was read, strongest first: variables before files, and what was wrong while reading.

    ``folder`` is where files were looked for, None where a file or mapping was named. ``near`` is a file there whose
    name is almost that of ours.
    """

    variables: tuple[Variable, ...] = ()
    files: tuple[ConfigFile, ...] = ()
    problems: tuple[Problem, ...] = ()
    folder: str | None = None
    near: str | None = None

    @property
    def described(self) -> str:
        """Which files are used, in words for people who wonder why a setting does not hold."""
        if self.files:
            return " and ".join(file.described for file in self.files)
        if self.problems:
            return "none that can be read"
        return "none" if self.folder is None else f"none: there is no {_FILE} in {self.folder}"


def env_word(name: str) -> str:
    """Write a plugin's name or a key as variables do, but in lower case: ``server-timing`` is ``server_timing``."""
    return name.replace("-", "_").lower()


def env_name(section: str, *keys: str) -> str:
    """Give the environment variable of a setting; the board's own settings have the section ``""``.

    ``env_name("cors", "max_age")`` is ``PEGBOARD_CORS__MAX_AGE``.
    """
    return PREFIX + "__".join(env_word(part) for part in (section, *keys) if part).upper()


def read_sources(
    config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    directory: str | os.PathLike[str] | None = None,
) -> Sources:
    """Read the environment and the configuration files.

    ``config`` is a TOML file (one called ``pyproject.toml`` is read beneath ``[tool.pegboard]``), a directory to look
    in, or a mapping in the shape of ``pegboard.toml``; no other file is read then. Without it ``PEGBOARD_CONFIG`` may
    name a file or a directory, and else ``pegboard.toml`` and ``pyproject.toml`` are looked for in ``directory``, by
    default the current one. ``environ`` is by default that of the process. Raises nothing for users' mistakes: see
    ``Sources.problems``.
    """
    environ = os.environ if environ is None else environ
    variables = tuple(
        Variable(name, tuple(name[len(PREFIX) :].lower().split("__")), text)
        for name, text in sorted(environ.items())
        if name.startswith(PREFIX) and name != CONFIG_VARIABLE
    )
    if isinstance(config, Mapping):
        return Sources(variables, (ConfigFile("mapping", "the mapping given as config", config),))
    given: object = config
    if given is not None and not isinstance(given, str | os.PathLike):
        problem = Problem(where="config", expected="a path or a mapping", got=type(given).__name__)
        return Sources(variables, (), (problem,))
    named_by = "configuration" if config is None else "the path given as config"
    if config is None and (named := environ.get(CONFIG_VARIABLE)):
        config, named_by = named, f"environment {CONFIG_VARIABLE}"
    folder = pathlib.Path(directory or ".")
    try:
        files, problems = _read_files(config, named_by, folder)
        near = None if config is not None or files else _near(folder)
    except OSError as error:
        return Sources(variables, (), (Problem(where=named_by, message=f"cannot be read: {error}"),))
    looked_in = str(folder.absolute()) if config is None else None
    return Sources(variables, tuple(files), tuple(problems), looked_in, near)


def _read_files(
    config: str | os.PathLike[str] | None, named_by: str, directory: pathlib.Path
) -> tuple[Sequence[ConfigFile], Sequence[Problem]]:
    named = None if config is None else pathlib.Path(config)
    if named is not None and not named.exists():
        hint = "give a TOML file, or a directory that holds pegboard.toml"
        return [], [Problem(where=named_by, message=f"there is no file {named}", hint=hint)]
    if named is not None and not named.is_dir():
        paths = [named]
    else:
        looked_at = [(named or directory) / name for name in (_FILE, _PROJECT_FILE)]
        # A folder of that name, or a link that leads nowhere, is a mistake, and told as one when it is read.
        paths = [path for path in looked_at if path.exists() or path.is_symlink()]
        if named is not None and not paths:
            return [], [Problem(where=named_by, message=f"there is no {_FILE} and no {_PROJECT_FILE} in {named}")]
    files: list[ConfigFile] = []
    problems: list[Problem] = []
    for path in paths:
        found = _read_file(path)
        if isinstance(found, Problem):
            problems.append(found)
        elif found is not None:
            files.append(found)
    return files, problems


def _near(folder: pathlib.Path) -> str | None:
    """A file whose name is almost right, where there is none whose name is."""
    names = [path.name for path in folder.iterdir() if path.suffix.lower() == ".toml" and path.name != _PROJECT_FILE]
    found = [name for name in sorted(names) if difflib.get_close_matches(name.lower(), [_FILE], cutoff=0.8)]
    return next((name for name in found if name != _FILE), None)


def _read_file(path: pathlib.Path) -> ConfigFile | Problem | None:
    """Read one file; None for a ``pyproject.toml`` that does not speak of Pegboard."""
    place = _shown(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
        data = tomllib.loads(text)
    except OSError as error:
        return Problem(where=place, message=f"the file cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return Problem(where=f"{place}:{line}", message="the file is not UTF-8", hint="save it as UTF-8")
    except tomllib.TOMLDecodeError as error:
        return _broken(place, str(error))
    except RecursionError:
        return Problem(where=place, message="not valid TOML: values are nested too deeply")
    root = _PROJECT_TABLE if path.name == _PROJECT_FILE else ()
    return _beneath(ConfigFile("file", place, data, find_lines(text), root))


def _beneath(file: ConfigFile) -> ConfigFile | Problem | None:
    """Go down to the table of the file that is ours."""
    data: Any = file.data
    for step in file.root:
        if step not in data:
            return None
        data = data[step]
        if not isinstance(data, Mapping):
            where = msgspec.structs.replace(file, root=()).origin(file.root)
            return Problem(where=str(where), key=".".join(file.root), expected="a table", got=show(data))
    return msgspec.structs.replace(file, data=data)


def _broken(place: str, error: str) -> Problem:
    """Say where TOML is broken. The line itself is not shown: it may hold a secret."""
    found = _PLACE_IN_ERROR.search(error)
    reason = error[: found.start()] if found else error
    if found and found["line"]:
        place, column = f"{place}:{found['line']}", f" at column {found['column']}"
    else:
        column = " at its end" if found else ""
    hint = _TOML_HINTS.get(reason, "")
    return Problem(where=place, message=f"not valid TOML{column}: {reason[:1].lower()}{reason[1:]}", hint=hint)


def _shown(path: pathlib.Path) -> str:
    """Write a path as its reader would type it: from the current directory where it lies beneath that."""
    absolute = path.absolute()
    current = pathlib.Path.cwd()
    return str(absolute.relative_to(current)) if absolute.is_relative_to(current) else str(absolute)

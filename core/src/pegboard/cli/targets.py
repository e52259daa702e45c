"""Finding the application: what was asked for, else what the configuration says, else main.py or app.py.

Finding (`locate`) reads file names and configuration only; `load` imports. They are apart because the parent process of
a reloading server must never import the application.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from pegboard.applications import Pegboard
from pegboard.cli.failures import BrokenApplication, Refused, near
from pegboard.settings import read_sources
from pegboard.types import ASGIApp
from pegboard.wrapping import wrap as wrap_app

__all__ = ["Target", "load", "locate", "locate_or_refuse"]

_FILE = re.compile(r"(.+\.py)(?::(.*))?")

CONVENTION = ("main", "app")
ATTRIBUTES = ("app", "application")

NOT_FOUND = (
    "there is no application here: no main.py and no app.py in {folder}, and the configuration has no `app`; "
    "name one (module:app), or run this in its folder"
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where an application is: ``module:attribute``, the attribute empty where it is to be found, and who said so.

    ``file`` is the module's file where a path was given.
    """

    module: str
    attribute: str
    said_by: str
    wrapped: bool = False
    file: Path | None = None

    @property
    def folder(self) -> Path:
        """The folder that the module is looked for in before all others."""
        return Path.cwd() if self.file is None else _root(self.file)


def locate(app: str | None = None, wrap: str | None = None) -> Target | None:
    """Where the application is, or None when nobody says and nothing is found. Raises Refused for both at once."""
    if app and wrap:
        raise Refused("--wrap names the application to wrap, so no other one can be given; keep one of the two")
    if wrap:
        return _parse(wrap, "--wrap", wrapped=True)
    if app:
        return _parse(app, "the command line")
    sources = read_sources()
    for variable in sources.variables:
        if variable.steps == ("app",) and variable.text:
            return _parse(variable.text, f"environment {variable.name}")
    for file in sources.files:
        named = file.data.get("app")
        if isinstance(named, str) and named:
            return _parse(named, str(file.origin(("app",))))
    found = next((name for name in CONVENTION if Path(f"{name}.py").is_file()), None)
    return None if found is None else Target(found, "", f"{found}.py")


def locate_or_refuse(app: str | None = None, wrap: str | None = None) -> Target:
    """Where the application is. Raises Refused when there is none."""
    target = locate(app, wrap)
    if target is None:
        raise Refused(NOT_FOUND.format(folder=Path.cwd().name or "/"))
    return target


def load(target: Target) -> tuple[ASGIApp, str]:
    """Import the application; gives it and its full name.

    Raises Refused when there is no such thing, BrokenApplication when its code fails.
    """
    folder = str(target.folder)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module = _import(target)
    imported = getattr(module, "__file__", None)
    if target.file is not None and (imported is None or Path(imported).resolve() != target.file):
        where = imported or "Python itself"
        raise Refused(f"{target.file.name} cannot be imported: {where} has the same name and comes first; rename it")
    name = target.attribute or _only_application(module, target)
    app: Any = module
    for part in name.split("."):
        if not hasattr(app, part):
            hint = near(part, [key for key in vars(app) if not key.startswith("_")], "look at what the module defines")
            raise Refused(f"{target.module} has no {name!r} ({target.said_by}); {hint}")
        app = getattr(app, part)
    if _is_factory(app):
        app = _guarded(app)
    if kind := _no_application(app):
        raise Refused(f"{target.module}:{name} is {kind}, which is no application; expected an ASGI application")
    found = cast("ASGIApp", app)
    return (wrap_app(found) if target.wrapped else found), f"{target.module}:{name}"


def _parse(text: str, said_by: str, *, wrapped: bool = False) -> Target:
    """Read ``module:attr``, ``module``, or a file's path in the place of the module."""
    is_file = _FILE.fullmatch(text)
    module, _, attribute = text.partition(":")
    file = None
    if is_file is not None:
        file, attribute = _file(is_file[1], said_by), is_file[2] or ""
        module = ".".join(file.relative_to(_root(file)).with_suffix("").parts)
    if not module or not all(part.isidentifier() for part in [*module.split("."), *(attribute or "a").split(".")]):
        raise Refused(f"{text!r} ({said_by}) names no application; write it as module:attribute, such as main:app")
    return Target(module, attribute, said_by, wrapped, file)


def _file(text: str, said_by: str) -> Path:
    path = Path(text)
    if not path.is_file():
        known = [str(each) for each in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise Refused(f"there is no file {text} ({said_by}); {near(text, known, 'look at the path')}")
    path = path.resolve()
    if not path.stem.isidentifier():
        raise Refused(f"{text} ({said_by}) has a name that Python cannot import; use letters, digits and underscores")
    return path


def _root(file: Path) -> Path:
    """The folder that a file is imported from, as Python itself would start it, or that of the package it is in."""
    folder = file.parent
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        folder = folder.parent
    return folder


def _import(target: Target) -> ModuleType:
    try:
        return import_module(target.module)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing and f"{target.module}.".startswith(f"{missing}."):
            here = sorted({path.stem for path in Path().iterdir() if path.suffix == ".py" or path.is_dir()})
            hint = near(missing, here, "run this in the application's folder, or install the package")
            raise Refused(f"there is no module {missing!r} to import ({target.said_by}); {hint}") from None
        raise BrokenApplication(error) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001
        raise BrokenApplication(error) from None


def _only_application(module: ModuleType, target: Target) -> str:
    """The name of the application that a module has, where nobody said one."""
    for name in ATTRIBUTES:
        if hasattr(module, name):
            return name
    boards = [name for name, value in vars(module).items() if isinstance(value, Pegboard)]
    if len(boards) == 1:
        return boards[0]
    if boards:
        raise Refused(
            f"{target.module} has several boards; say which: {', '.join(f'{target.module}:{b}' for b in boards)}"
        )
    raise Refused(
        f"{target.said_by} has no application: nothing in it is called `app`, and nothing is a board; "
        f"name one, as in {target.module}:name"
    )


def _is_factory(app: Any) -> bool:
    """Whether this is a function that takes nothing: what it gives is the application."""
    if not inspect.isfunction(app):
        return False
    parameters = inspect.signature(app).parameters.values()
    return all(
        each.default is not each.empty or each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD) for each in parameters
    )


def _no_application(app: Any) -> str:
    """What an object is that cannot be an ASGI application, empty where it may be one."""
    if not callable(app):
        return repr(type(app).__name__)
    if inspect.isclass(app):
        # One that is called with a scope gives what is awaited or called.
        ways = {"__await__", "__call__"}
        return "" if any(ways & set(vars(base)) for base in app.__mro__) else "a class"
    if inspect.iscoroutinefunction(app):
        try:
            inspect.signature(app).bind("scope", "receive", "send")
        except TypeError:
            return f"a function that takes {inspect.signature(app)}"
    return ""


def _guarded(factory: Callable[[], Any]) -> Any:
    try:
        return factory()
    except (Exception, SystemExit) as error:  # noqa: BLE001
        raise BrokenApplication(error) from None

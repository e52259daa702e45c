"""References to plugins (``module:attr``), and the names that plugins give themselves.

Both come from code that is not ours: what it raises is told, with the line it came from.
"""

from __future__ import annotations

import importlib
import inspect
from typing import Any

__all__ = ["import_place", "name_of", "nameless", "reference_to", "resolve"]

_LOADERS = ("pegboard.discovery", __name__)


def resolve(reference: str) -> Any:
    """The object that ``module:attr`` leads to. Raises whatever its import raises."""
    module, _, attribute = reference.partition(":")
    target: Any = importlib.import_module(module)
    for part in filter(None, attribute.split(".")):
        target = getattr(target, part)
    return target


def reference_to(target: Any) -> str:
    """The reference that leads to a plugin, its class or its module, as an entry point would give it."""
    if inspect.ismodule(target):
        return target.__name__
    cls = target if inspect.isclass(target) else type(target)
    return f"{cls.__module__}:{cls.__qualname__}"


def name_of(plugin: Any) -> Any:
    """The name of a plugin; what its attribute raised, where it cannot be read."""
    try:
        return getattr(plugin, "name", None)
    except Exception as error:  # noqa: BLE001  it is told with all other problems
        return error


def nameless(name: Any) -> str:
    """What is wrong with a ``name`` that `name_of` gave and that is no text."""
    if isinstance(name, Exception):
        return f"has an attribute `name` that cannot be read ({type(name).__name__}: {name})"
    if not name and isinstance(name, str):
        return "has an empty `name`"
    return "has no attribute `name`" if name is None else f"has a `name` that is no text ({type(name).__name__})"


def import_place(error: BaseException) -> str:
    """File and line where ``error`` was raised, outside of the import machinery."""
    trace = error.__traceback__
    place = ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        is_ours = trace.tb_frame.f_globals.get("__name__") in _LOADERS
        if not name.startswith("<") and not is_ours and "importlib" not in name:
            place = f" ({name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return place

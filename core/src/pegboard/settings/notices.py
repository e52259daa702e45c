"""What a configuration says that is not heard: no mistake for certain, so it warns, and starts nevertheless."""

from __future__ import annotations

import inspect
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pegboard.settings.board import BoardSettings
from pegboard.settings.loading import Loaded
from pegboard.settings.sources import Sources, env_word

__all__ = ["NOT_ASKED_FOR", "idle_sections", "lost_files", "overruled_lists"]

NOT_ASKED_FOR = ("not listed in plugins", "autoload is off")
"""Why a plugin is off that nobody switches off by its name."""


def overruled_lists(sources: Sources, board: Loaded[BoardSettings]) -> Iterator[str]:
    """Lists of plugins in files that a list in code makes meaningless."""
    if board.origin("plugins").kind == "keyword":
        for file in sources.files:
            if "plugins" in file.data:
                yield (
                    f"{file.origin(('plugins',))}: plugins has no say, as the plugins are listed in code "
                    f"({board.origin('plugins')}); keep one of the lists, or add to the file's with add_plugin()"
                )


def idle_sections(sources: Sources, board: Loaded[BoardSettings], off: Mapping[str, str]) -> Iterator[str]:
    """Sections of plugins that are off without having been switched off; ``off`` has the reasons by name.

    A list in code is left alone: several boards may share a file.
    """
    if board.origin("plugins").kind == "keyword":
        return
    idle = {name: why for name, why in off.items() if why in NOT_ASKED_FOR}
    by_word = {env_word(name): name for name in idle}
    places = [(f"{file.origin((name,))}", name) for file in sources.files for name in file.data]
    places += [
        (f"environment {variable.name}", by_word.get(variable.steps[0], ""))
        for variable in sources.variables
        if len(variable.steps) > 1
    ]
    for place, name in places:
        if name in idle:
            yield f"{place}: {name} has settings, but is off: {idle[name]}; switch it on, or take its settings away"


def lost_files(sources: Sources, endpoints: Iterable[Any]) -> Iterator[str]:
    """Files that were meant, and are not read: nearly of the right name, or beside the application."""
    if sources.near is not None:
        yield f"{sources.near} is not read; its name has to be pegboard.toml"
    if sources.files or sources.folder is None:
        return
    here = pathlib.Path(sources.folder).resolve()
    modules = dict.fromkeys(filter(None, map(_file_of, endpoints)))
    for folder in dict.fromkeys(pathlib.Path(module).resolve().parent for module in modules):
        if folder != here and (folder / "pegboard.toml").is_file():
            yield (
                f"{folder / 'pegboard.toml'} is not read, as the current folder is {sources.folder}; "
                f"start in {folder}, or set PEGBOARD_CONFIG={folder}"
            )


def _file_of(endpoint: Any) -> str:
    """The file that an endpoint is written in, empty where that is not known."""
    code = getattr(inspect.unwrap(endpoint) if callable(endpoint) else endpoint, "__code__", None)
    return code.co_filename if code is not None else ""

"""Settings: what a plugin's author declares, and how the board reads it from code, environment and files.

A plugin's author needs `Settings`, and `Invalid` where `Settings.check` is not enough. The rest is the board's: read
the sources once (`read_sources`), `load` each plugin's section, `overlay` what routes say, and report all problems
together. The sources, strongest first: keyword arguments; environment (``PEGBOARD_CORS__MAX_AGE``); ``pegboard.toml``;
``[tool.pegboard]`` in ``pyproject.toml``; defaults.
"""

from pegboard.settings.base import Settings
from pegboard.settings.board import (
    BOARD_KEYS,
    BoardSettings,
    PluginSelection,
    ThreadSettings,
    load_board,
    parse_plugin_list,
    select_plugins,
    unknown_sections,
)
from pegboard.settings.lint import lint_name, lint_settings
from pegboard.settings.loading import Loaded, Row, load, overlay
from pegboard.settings.notices import idle_sections, lost_files, overruled_lists
from pegboard.settings.problems import NOWHERE, Invalid, Origin, Problem, suggest
from pegboard.settings.schema import json_schema
from pegboard.settings.sources import Sources, env_name, read_sources

__all__ = [
    "BOARD_KEYS",
    "NOWHERE",
    "BoardSettings",
    "Invalid",
    "Loaded",
    "Origin",
    "PluginSelection",
    "Problem",
    "Row",
    "Settings",
    "Sources",
    "ThreadSettings",
    "env_name",
    "idle_sections",
    "json_schema",
    "lint_name",
    "lint_settings",
    "load",
    "load_board",
    "lost_files",
    "overlay",
    "overruled_lists",
    "parse_plugin_list",
    "read_sources",
    "select_plugins",
    "suggest",
    "unknown_sections",
]

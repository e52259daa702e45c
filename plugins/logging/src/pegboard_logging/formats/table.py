"""Which format a name stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pegboard_logging.formats.common import combined_format, common_format
from pegboard_logging.formats.console import console_format
from pegboard_logging.formats.ecs import ecs_format
from pegboard_logging.formats.google import google_format
from pegboard_logging.formats.structured import json_format, logfmt_format, selector
from pegboard_logging.settings import LoggingSettings

__all__ = ["FORMATS", "Format", "make_format"]

Format = Callable[[dict[str, Any]], bytes]


def make_format(settings: LoggingSettings, terminal: bool, colours: bool) -> Format:
    """The format that the settings ask for; ``terminal`` and ``colours`` say what is at the other end."""
    name: str = settings.format
    if name == "auto":
        name = "console" if terminal else "json"
    return FORMATS[name](settings, colours)


def _selected(settings: LoggingSettings) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
    return selector(settings.fields, settings.rename)


FORMATS: Mapping[str, Callable[[LoggingSettings, bool], Format]] = {
    "json": lambda settings, _: json_format(_selected(settings)),
    "logfmt": lambda settings, _: logfmt_format(_selected(settings)),
    "common": lambda _, __: common_format(),
    "combined": lambda _, __: combined_format(),
    "ecs": lambda _, __: ecs_format(),
    "google": lambda settings, _: google_format(settings.google_project),
    "console": lambda _, colours: console_format(colours),
}

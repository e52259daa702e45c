"""Which format a name stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pegboard_logging.fields import Fields, Record, fields_of
from pegboard_logging.formats.common import combined_format, common_format
from pegboard_logging.formats.console import console_format
from pegboard_logging.formats.ecs import ecs_format
from pegboard_logging.formats.google import google_format
from pegboard_logging.formats.structured import json_format, logfmt_format, selector
from pegboard_logging.settings import LoggingSettings

__all__ = ["FORMATS", "Format", "make_format"]

Format = Callable[[Record | Fields], bytes]


def make_format(settings: LoggingSettings, terminal: bool, colours: bool) -> Format:
    """The format that the settings ask for; ``terminal`` and ``colours`` say what is at the other end."""
    name: str = settings.format
    if name == "auto":
        name = "console" if terminal else "json"
    return FORMATS[name](settings, colours)


def _selected(settings: LoggingSettings) -> Callable[[Fields], Fields] | None:
    return selector(settings.fields, settings.rename)


def _of_fields(make: Callable[[Fields], bytes]) -> Format:
    """A format that takes dicts only, for records of either kind."""
    return lambda record: make(fields_of(record))


FORMATS: Mapping[str, Callable[[LoggingSettings, bool], Format]] = {
    "json": lambda settings, _: json_format(_selected(settings)),
    "logfmt": lambda settings, _: _of_fields(logfmt_format(_selected(settings))),
    "common": lambda _, __: _of_fields(common_format()),
    "combined": lambda _, __: _of_fields(combined_format()),
    "ecs": lambda _, __: _of_fields(ecs_format()),
    "google": lambda settings, _: _of_fields(google_format(settings.google_project)),
    "console": lambda _, colours: _of_fields(console_format(colours)),
}

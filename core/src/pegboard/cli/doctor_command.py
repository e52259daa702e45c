"""``pegboard doctor``: the versions, the platform, what is missing, and the entry points that fail.

It looks at the installation and needs no application, so it works where nothing else does.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import entry_points, version

import click

from pegboard.cli.console import bullets, emit_json, table
from pegboard.cli.options import as_json
from pegboard.cli.requirements import Requirement, installed_version, outdated, requirements_of
from pegboard.discovery import GROUP, discover
from pegboard.settings import PluginSelection

__all__ = ["doctor"]

PURPOSES = {
    "brotli": "Brotli for the compression of responses",
    "httptools": "a faster HTTP parser",
    "httpx": "the test client",
    "jinja2": "templates",
    "python-multipart": "forms and uploads",
    "uvicorn": "the server",
    "uvloop": "a faster event loop",
    "watchfiles": "reloading without polling",
    "websockets": "WebSockets",
    "zlib-ng": "faster gzip",
}
"""What optional distributions are good for, where the name does not say it."""

BESIDES = (Requirement("watchfiles", "", "none", ""),)
"""What no extra brings and is good to have."""


@dataclass(frozen=True, slots=True)
class Part:
    """A distribution that somebody needs or can use; ``version`` is empty where it is missing."""

    name: str
    version: str
    state: str
    wanted_by: str
    purpose: str


@dataclass(slots=True)
class Report:
    """Everything about the installation."""

    pegboard: str
    python: str
    executable: str
    platform: str
    plugins: dict[str, str] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@click.command()
@as_json
def doctor(as_json: bool) -> int:
    """Examine the installation: versions, platform, what is missing, plugins that cannot be loaded."""
    report = examine()
    if as_json:
        emit_json(report)
    else:
        _print(report)
    return 1 if report.problems else 0


def examine() -> Report:
    """Look at everything that is installed; every announced plugin is loaded, those that a board has off as well."""
    entries = sorted({(entry.dist.name, entry.dist.version) for entry in entry_points(group=GROUP) if entry.dist})
    discovery = discover(PluginSelection(), (), True, version("pegboard"))
    parts = list(_parts(["pegboard", *(name for name, _ in entries)]))
    missing = [
        f"{part.name} is not installed, and {part.wanted_by} needs it; install it"
        for part in parts
        if part.state == "missing" and part.wanted_by in ("pegboard", *dict(entries))
    ]
    return Report(
        pegboard=version("pegboard"),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        executable=sys.executable,
        platform=platform.platform(),
        plugins=dict(entries),
        parts=parts,
        problems=[*discovery.problems, *missing, *outdated(["pegboard", *dict(entries)])],
    )


def _parts(distributions: list[str]) -> Iterator[Part]:
    seen = set(distributions)
    for distribution in distributions:
        for each in (*requirements_of(distribution), *(BESIDES if distribution == "pegboard" else ())):
            is_elsewhere = each.is_conditional and not each.extra and not each.installed
            if each.name.lower() not in seen and not is_elsewhere:
                seen.add(each.name.lower())
                found = each.installed or installed_version(each.name)
                asking = f"{distribution}[{each.extra}]" if each.extra else distribution
                yield Part(
                    each.name,
                    found,
                    "present" if found else "missing",
                    "-" if each in BESIDES else asking,
                    PURPOSES.get(each.name.lower(), ""),
                )


def _print(report: Report) -> None:
    click.echo(f"pegboard  {report.pegboard}")
    click.echo(f"python    {report.python} ({report.executable})")
    click.echo(f"platform  {report.platform}")
    click.echo(f"plugins   {', '.join(' '.join(each) for each in report.plugins.items()) or 'none'}\n")
    rows = [(part.name, part.version or "-", part.state, part.wanted_by, part.purpose) for part in report.parts]
    table(("part", "version", "state", "wanted by", "for"), rows)
    bullets("\nproblems:", report.problems)

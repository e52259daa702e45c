"""The one start-up banner: address, plugins in order, warnings."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.metadata import version

import click

from pegboard.applications import Pegboard
from pegboard.cli.boards import freeze
from pegboard.cli.console import emit_json
from pegboard.types import ASGIApp

__all__ = ["Banner", "make_banner"]


@dataclass(slots=True)
class Banner:
    """What is said when the server is up."""

    url: str
    application: str
    pegboard: str = field(default_factory=lambda: version("pegboard"))
    plugins: list[str] = field(default_factory=list)
    configuration: str = ""
    warnings: list[str] = field(default_factory=list)
    debug: bool = False
    workers: int = 1
    reload: bool = False

    def show(self, as_json: bool = False) -> None:
        """Print it: for people on standard error, as JSON on standard output."""
        if as_json:
            emit_json(self)
            return
        lines = [f"Pegboard {self.pegboard} serves {self.application} on {self.url} (Ctrl-C stops)"]
        lines.append(f"  plugins  {' > '.join(self.plugins) or 'none'}")
        if self.configuration:
            lines.append(f"  config   {self.configuration}")
        if self.workers > 1:
            lines.append(f"  workers  {self.workers}")
        if self.reload:
            lines.append("  reload   when a file of this folder changes")
        if self.debug:
            lines.append("  debug    on: errors are shown to whoever calls")
        lines += [f"  warning  {warning}" for warning in self.warnings]
        click.echo("\n".join(lines), err=True)


def make_banner(app: ASGIApp, name: str, url: str, *, workers: int = 1, reload: bool = False) -> Banner:
    """The banner of an application; one that is no board has no plugins."""
    banner = Banner(url, name, workers=workers, reload=reload)
    if isinstance(app, Pegboard):
        assembly = freeze(app)
        banner.plugins = [" ".join(filter(None, (member.name, member.found.version))) for member in assembly.members]
        banner.configuration = assembly.sources.described
        banner.warnings = list(assembly.warnings)
        banner.debug = assembly.settings.debug
    return banner

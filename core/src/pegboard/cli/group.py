"""The group of commands: ours by name, each loaded when it is asked for, and those of plugins.

The commands of plugins cost a look at the application, so they are looked for only when a name is not ours, or when
all are listed. What that look needs is imported then; a line of help for each of ours stands in the table.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

import click

from pegboard.cli.console import aside, emit_json
from pegboard.cli.entry import INTERRUPTED
from pegboard.cli.failures import BrokenApplication, Refused, near
from pegboard.exceptions import ConfigurationError

if TYPE_CHECKING:
    from pegboard.applications import Pegboard

__all__ = ["COMMANDS", "run"]

COMMANDS = {
    "run": ("serve_commands", "Serve the application."),
    "dev": ("serve_commands", "Serve it for developing: debug page, reload."),
    "plugins": ("plugins_command", "List the plugins: on, off or broken, and why."),
    "hooks": ("hooks_command", "Show the final order, and the reason of each place."),
    "routes": ("routes_command", "List the routes, and the hooks they pay for."),
    "explain": ("explain_command", "Show everything that runs for a request."),
    "config": ("config_commands", "Show the configuration, or its JSON Schema."),
    "check": ("check_command", "Find what start-up would find."),
    "lock": ("lock_command", "Write down what the board is made of."),
    "doctor": ("doctor_command", "Examine the installation."),
    "add": ("add_command", "Show or write the configuration of a plugin."),
    "new": ("new_command", "Make a plugin's package, or an application."),
}
"""Our commands, in the order of the help: the module of each, where a function has its name, and what it is for."""

HELP_WIDTH = 80
USAGE = 2


class Commands(click.Group):
    """Our commands, and the plugins'."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, ours first; where plugins cannot be asked, a note says why."""
        try:
            return [*COMMANDS, *sorted(self.of_plugins())]
        except (BrokenApplication, ConfigurationError, Refused) as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            click.echo(f"(commands of plugins are not shown: {first})", err=True)
            return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or None."""
        if cmd_name in COMMANDS:
            module, _ = COMMANDS[cmd_name]
            command: click.Command = getattr(import_module(f"pegboard.cli.{module}"), cmd_name)
            return command
        return None if cmd_name.startswith("-") else self.of_plugins().get(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading ours."""
        names = self.list_commands(ctx)
        rows = [(name, COMMANDS[name][1] if name in COMMANDS else self.of_plugin(name)) for name in names]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def of_plugin(self, name: str) -> str:
        """What a plugin's command is for."""
        return self.commands[name].get_short_help_str(HELP_WIDTH)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or refuse with the name that is meant."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            known = [*COMMANDS, *self.commands]
            raise Refused(f"there is no command {name!r}; {near(name, known, 'there are: ' + ', '.join(known))}")
        return super().resolve_command(ctx, args)

    def of_plugins(self) -> Mapping[str, click.Command]:
        """The commands that plugins add. Raises ConfigurationError for a name that is taken."""
        if not self.commands:
            from pegboard.applications import Pegboard  # noqa: PLC0415
            from pegboard.cli.targets import load, locate  # noqa: PLC0415

            target = locate()
            with aside():
                app = Pegboard() if target is None else load(target)[0]
            if isinstance(app, Pegboard):
                self.commands.update(_collected(app))
        return self.commands


def _collected(board: Pegboard) -> dict[str, click.Command]:
    from pegboard.assembly import call_named, failed  # noqa: PLC0415
    from pegboard.cli.boards import freeze  # noqa: PLC0415

    found: dict[str, click.Command] = {}
    problems = []
    for member, function in freeze(board).impls("commands"):
        own = click.Group()
        try:
            call_named(function, cli=own)
        except Exception as error:  # noqa: BLE001
            problems.append(failed("commands", member, error))
        for name, command in own.commands.items():
            if name in COMMANDS or name in found:
                problems.append(f"{member.found.described} adds a command {name!r}, which there is already; rename it")
            else:
                found[name] = command
    if problems:
        raise ConfigurationError(problems)
    return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(version("pegboard"), prog_name="pegboard")
def cli() -> None:
    """Serve an application, and look into its plugins.

    Exit status: 0 fine, 1 something was found, 2 the command line makes no sense.
    """


def run(arguments: Sequence[str]) -> int:
    """Run the command line; gives the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Arrows and names of any script are shown where they can be, and are no reason to fail elsewhere.
            stream.reconfigure(errors="replace")
    try:
        result = cli.main(list(arguments), prog_name="pegboard", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except ConfigurationError as error:
        if "--json" in arguments:
            emit_json({"problems": error.problems})
        else:
            click.echo(str(error), err=True)
        return 1
    except BrokenApplication as error:
        error.show()
        return 1
    except OSError as error:
        # Files of commands, and standard output: what code of an application raises is told apart before.
        reason = (error.strerror or str(error)).lower()
        click.echo(
            f"pegboard: cannot read or write {error.filename or 'the output'}: {reason}; mend that, and try again",
            err=True,
        )
        return USAGE
    return result if isinstance(result, int) else 0

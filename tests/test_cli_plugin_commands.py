"""Commands that plugins add by the `commands` hook."""

from pathlib import Path

import pytest
from command_line import pegboard, project

APP = """
import click
from pegboard import Pegboard, Plugin, hookimpl


class Greeter(Plugin):
    name = "greeter"

    @hookimpl
    def commands(self, cli):
        @cli.command("NAME")
        @click.argument("who")
        def greet(who):
            "Greet somebody."
            click.echo(f"Hello, {who}!")


app = Pegboard(plugins=[Greeter])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path, {"main.py": APP.replace("NAME", "greet")})


def test_a_command_of_a_plugin_runs(folder: Path) -> None:
    done = pegboard(folder, "greet", "Ada")
    assert (done.status, done.out, done.err) == (0, "Hello, Ada!\n", "")


def test_a_command_of_a_plugin_is_listed_with_the_others(folder: Path) -> None:
    done = pegboard(folder, "--help")
    assert "greet    Greet somebody." in done.out


def test_a_command_nearly_spelt_right_is_suggested(folder: Path) -> None:
    done = pegboard(folder, "gret", "Ada")
    assert (done.status, done.err) == (2, "pegboard: there is no command 'gret'; did you mean greet?\n")


def test_a_plugin_may_not_take_the_name_of_a_command(tmp_path: Path) -> None:
    done = pegboard(project(tmp_path, {"main.py": APP.replace("NAME", "run")}), "other")
    assert "plugin 'greeter' (main:Greeter) adds a command 'run', which there is already; rename it" in done.err
    assert done.status == 1


def test_the_help_is_shown_where_the_application_is_broken(tmp_path: Path) -> None:
    done = pegboard(project(tmp_path, {"main.py": "raise OSError('no disk')\n"}), "--help")
    assert "Serve the application." in done.out
    assert done.err == "(commands of plugins are not shown: no disk)\n"
    assert done.status == 0


def test_commands_of_ours_do_not_wait_for_the_application(tmp_path: Path) -> None:
    done = pegboard(project(tmp_path, {"main.py": "raise OSError('no disk')\n"}), "doctor")
    assert done.status == 0

"""The way in to the command line."""

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from pegboard.cli import main
from pegboard.cli.group import COMMANDS


def test_the_script_of_the_distribution_is_the_command_line() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    module, _, attribute = project["scripts"]["pegboard"].partition(":")
    assert getattr(import_module(module), attribute) is main


def test_the_way_in_needs_none_of_the_libraries_of_the_command_line() -> None:
    """So that it can say which of them is missing."""
    code = "import sys, pegboard.cli.entry; print(sorted({'click', 'rich', 'uvicorn'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_group_of_commands_needs_little_and_a_command_brings_the_rest() -> None:
    """So that help and shell completion are quick."""
    later = ["rich", "uvicorn", "pegboard.applications", "pegboard.settings"]
    code = "import sys, pegboard.cli.group; print([name for name in sys.argv[1:] if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code, *later], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_is_there_with_a_text(name: str) -> None:
    module, text = COMMANDS[name]
    command = getattr(import_module(f"pegboard.cli.{module}"), name)
    assert command.name == name
    assert command.help
    assert text.endswith(".")

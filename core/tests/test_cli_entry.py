"""The way in to the command line."""

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

from pegboard.cli import main


def test_the_script_of_the_distribution_is_the_command_line() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    module, _, attribute = project["scripts"]["pegboard"].partition(":")
    assert getattr(import_module(module), attribute) is main


def test_the_way_in_needs_none_of_the_libraries_of_the_command_line() -> None:
    """So that it can say which of them is missing."""
    code = "import sys, pegboard.cli.entry; print(sorted({'click', 'rich', 'uvicorn'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

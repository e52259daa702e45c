"""The package offers its names, and importing a module does not import everything."""

import subprocess
import sys

import pytest

import pegboard


@pytest.mark.parametrize("name", pegboard.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(pegboard, name).__module__.startswith(("pegboard.", "pluggy."))


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="module 'pegboard' has no attribute 'Pegbord'"):
        _ = pegboard.Pegbord


def test_an_application_is_imported_without_the_machinery() -> None:
    code = "import sys, pegboard.applications; print([name for name in sys.modules if name in sys.argv[1:]])"
    later = ["pegboard.assembly", "pegboard.settings", "pegboard.stories", "importlib.metadata", "tomllib"]
    done = subprocess.run([sys.executable, "-c", code, *later], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

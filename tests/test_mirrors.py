"""Every module of the core has a test module of the same name: who changes one knows where its tests are.

A module of a package has `test_<package>_<module>.py`, or `test_<module>.py` where that is plain enough.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from servers import ROOT

SOURCES = ROOT / "core" / "src" / "pegboard"
TESTS = ROOT / "core" / "tests"

FRONTS = {
    "asgi_checks": "one checker, whose parts are reached through it alone",
    "cli": "commands are tested as they are typed, in `tests/test_cli_*.py`, with what they print",
    "testclient": "two clients, whose parts are reached through them alone",
    "testing": "what authors of plugins import from the package itself",
}
"""Packages of which only the front is public, and is tested; each with the reason."""

MODULES = [
    path.relative_to(SOURCES)
    for path in sorted(SOURCES.rglob("*.py"))
    if path.name not in ("__init__.py", "__main__.py")
]


@pytest.mark.parametrize("module", [path.as_posix() for path in MODULES if path.parts[0] not in FRONTS])
def test_a_module_has_its_mirror(module: str) -> None:
    path = Path(module).with_suffix("")
    names = {"_".join(path.parts), path.name}
    assert any((TESTS / f"test_{name}.py").exists() for name in names), (
        f"write core/tests/test_{'_'.join(path.parts)}.py"
    )


@pytest.mark.parametrize("package", FRONTS)
def test_a_front_has_its_mirror(package: str) -> None:
    assert (SOURCES / package / "__init__.py").exists()
    assert list(TESTS.glob(f"test_{package}*.py")), f"write core/tests/test_{package}.py"

"""The plugin of the page for authors works, and so does its test module, in a folder of their own."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from servers import ROOT, environment

from pegboard.testing import Faults, converse, make_board
from pegboard.testing.conformance.suite import CHECKS

PAGE = (ROOT / "docs" / "writing-plugins.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def block_with(words: str) -> str:
    (block,) = [block for block in blocks("python") if words in block]
    return block


def test_the_plugin_is_about_twenty_lines_long() -> None:
    code = block_with("class ReadOnly(").split("class ", 1)[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 20


@pytest.mark.slow
def test_the_plugin_and_its_tests_work_as_shown(tmp_path: Path) -> None:
    """Its conformance is part of its tests."""
    (tmp_path / "read_only.py").write_text(block_with("class ReadOnly("))
    (tmp_path / "test_read_only.py").write_text(block_with("import ReadOnly"))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", "-q"],
        cwd=tmp_path,
        env=environment({"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert f"{len(CHECKS)} passed, 2 xfailed" in done.stdout
    assert "read-only: silver" in done.stdout


@pytest.mark.anyio
async def test_the_fault_strikes_as_shown() -> None:
    lines = block_with("Faults(leave_after=2)").splitlines()
    body = "".join(f"    {line}\n" for line in lines)
    namespace: dict[str, Any] = {}
    exec(f"async def run(board):\n{body}", namespace)
    await namespace["run"](make_board())
    assert (await converse(make_board(), "/stream", faults=Faults(leave_after=2))).raised is None


def test_the_page_names_every_area_of_the_suite() -> None:
    for area in ("exit path", "foreign applications", "event loop", "leaks", "other plugins"):
        assert area in PAGE
    for area in {check.area for check in CHECKS if check.tier == "gold"}:
        assert area in PAGE

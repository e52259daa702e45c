"""The benchmark's results: what is kept of them says one thing everywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def test_the_readme_quotes_the_results() -> None:
    """No figure is written by hand."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.headlines", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_report_is_that_of_the_results() -> None:
    """Markdown and JSON come from the same run: same sources, same cases."""
    results = json.loads((RESULTS / "results.json").read_text())
    report = (RESULTS / "results.md").read_text()
    assert f"sources {results['machine']['sources']}" in report
    measured = {row["case"] for row in results["rows"]}
    assert [
        title for case, title in results["titles"].items() if case in measured and f"## {title}\n" not in report
    ] == []


def test_every_target_has_its_verdict() -> None:
    """What is wanted and missed is shown as missed, and nothing is left out of a whole run."""
    results = json.loads((RESULTS / "results.json").read_text())
    assert results["verdicts"]
    for verdict in results["verdicts"]:
        assert verdict["measured"] is not None, verdict
        assert verdict["verdict"] == ("met" if verdict["measured"] <= verdict["limit"] else "**missed**")

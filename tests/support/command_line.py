"""The command line as users start it, and golden files of what it prints.

``GOLDEN=write`` in the environment writes the files anew; look at the difference before it is committed.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from servers import ROOT, environment

GOLDEN = ROOT / "tests" / "golden" / "cli"

STEADY = (
    # Releases of ours, and times.
    (re.compile(r"(?<![\d.])0\.\d+\.\d+(?![\d.])"), "0.1.0"),
    (re.compile(r" *\b[\d.]+ µs"), " # µs"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r", line \d+"), ", line N"),
)


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    arguments: tuple[str, ...]
    status: int
    out: str
    err: str

    def text(self, folder: Path) -> str:
        """Everything about it, as a golden file holds it."""
        shown = " ".join(f"'{each}'" if " " in each else each for each in self.arguments)
        parts = [f"$ pegboard {shown}\n", self.out]
        if self.err:
            parts.append(f"[standard error]\n{self.err}")
        parts.append(f"[exit status {self.status}]\n")
        text = "".join(parts).replace(str(folder), "FOLDER").replace(str(ROOT), "ROOT")
        for pattern, steady in STEADY:
            text = pattern.sub(steady, text)
        return text


def pegboard(folder: Path, *arguments: str, env: Mapping[str, str] | None = None, timeout: float = 60) -> Done:
    """Run a command in ``folder``."""
    done = subprocess.run(
        [sys.executable, "-m", "pegboard", *arguments],
        cwd=folder,
        env=environment({"PYTHONDONTWRITEBYTECODE": "1", **(env or {})}),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Done(arguments, done.returncode, done.stdout, done.stderr)


def check_golden(name: str, text: str) -> None:
    """Compare with a golden file, or write it."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert text == path.read_text(), f"{path} differs; if that is meant, write it anew with GOLDEN=write"


def project(folder: Path, files: Mapping[str, str]) -> Path:
    """A folder with these files."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def announced(dist: str, name: str, value: str, release: str = "1.0") -> dict[str, str]:
    """The files that announce a plugin, as an installed distribution's do."""
    info = f"{dist.replace('-', '_')}-{release}.dist-info"
    return {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {dist}\nVersion: {release}\n",
        f"{info}/entry_points.txt": f"[pegboard.plugins]\n{name} = {value}\n",
    }

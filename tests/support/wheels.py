"""Wheels as they would be published, and environments that hold nothing else."""

import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from servers import ROOT

DISTRIBUTIONS = ("core", "plugins/auth", "plugins/cors", "plugins/gzip", "plugins/logging")


def build_wheel(source: Path, out: Path, scratch: Path) -> Path:
    """Build the wheel of a distribution into ``out``, from a copy of its sources."""
    copied = scratch / source.name
    shutil.copytree(source, copied, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    known = set(out.glob("*.whl"))
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(copied)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = set(out.glob("*.whl")) - known
    return wheel


def build_wheels(out: Path, scratch: Path) -> list[Path]:
    """The wheels of all our distributions, the core's first."""
    return [build_wheel(ROOT / distribution, out, scratch) for distribution in DISTRIBUTIONS]


class Environment:
    """A virtual environment, and the commands that run in it."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False)
        self.python = folder / "bin" / "python"

    def install(self, *requirements: str) -> None:
        """Install with the pip that is here: one of its own would take longer to make than all the rest."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*pip, "install", *requirements], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def run(self, module: str, *arguments: str, folder: Path | None = None) -> str:
        """Run a module in ``folder``; gives what it prints. Raises AssertionError with that when it fails."""
        command: Sequence[str] = [str(self.python), "-m", module, *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

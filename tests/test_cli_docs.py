"""The page about the command line shows what the commands print.

``GOLDEN=write`` in the environment writes what the page shows anew, from golden files that are up to date.
"""

import os
import re
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from command_line import GOLDEN, pegboard, project
from servers import ROOT

FILE = ROOT / "docs" / "command-line.md"
PAGE = FILE.read_text()
SHOWN = re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)

COMMANDS = ["run", "dev", "plugins", "hooks", "routes", "explain", "config", "check", "lock", "doctor", "add", "new"]


def plain(text: str) -> str:
    """A golden file as the page shows it: without the exit status, and with places as in the reader's folder."""
    text = re.sub(r"\[exit status \d\]\n$", "", text)
    return text.replace("FOLDER/", "").replace(", line N", ", line 1")


def renewed(block: str) -> str:
    """The golden file of the same command that is most like what the page shows."""
    command = block.partition("\n")[0]
    texts = [plain(path.read_text()) for path in sorted(GOLDEN.rglob("*.txt"))]
    same = [text for text in texts if text.partition("\n")[0] == command]
    return max(same, key=lambda text: SequenceMatcher(None, block, text).ratio())


if os.environ.get("GOLDEN") == "write":
    for shown in SHOWN:
        PAGE = PAGE.replace(shown, renewed(shown))
    FILE.write_text(PAGE)
    SHOWN = re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: block.partition("\n")[0])
def test_the_page_shows_what_a_golden_file_holds(block: str) -> None:
    assert block in [plain(path.read_text()) for path in GOLDEN.rglob("*.txt")]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_place_on_the_page(command: str) -> None:
    assert f"$ pegboard {command}" in PAGE or f"### `pegboard {command}" in PAGE


def test_the_commands_of_the_page_work(tmp_path: Path) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    folder = project(tmp_path, {"main.py": code + "\nfrom pegboard import Pegboard\napp = Pegboard(plugins=[Cache])\n"})
    done = pegboard(folder, "clear-cache", "--all")
    assert (done.status, done.out, done.err) == (0, "emptied\n", "")

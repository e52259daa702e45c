"""The HTTP library of the test clients: httpx, or its successor when that is the one installed."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pegboard.testclient import library

HERE = Path(__file__).parent


def load() -> Any:
    """What the module chooses when it is imported anew."""
    return runpy.run_path(str(library.__file__))["httpx"]


def test_httpx_comes_first() -> None:
    import httpx

    assert load() is httpx


def test_httpx2_is_used_where_it_is_the_one_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    successor = ModuleType("httpx2")
    monkeypatch.setitem(sys.modules, "httpx", None)
    monkeypatch.setitem(sys.modules, "httpx2", successor)
    assert load() is successor


def test_without_both_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(ModuleNotFoundError, match=r"install `pegboard\[test\]`"):
        load()


ON_HTTPX2 = """
import sys

sys.modules["httpx"] = None  # as if it were not installed

import pytest

status = pytest.main(sys.argv[1:])
from pegboard.testclient.library import httpx

assert httpx.__name__ == "httpx2"
sys.exit(status)
"""


@pytest.mark.parametrize("client", ["test_testclient.py", "test_testclient_async.py", "test_testclient_websockets.py"])
def test_the_clients_pass_their_tests_on_httpx2(client: str) -> None:
    command = [sys.executable, "-c", ON_HTTPX2, str(HERE / client), "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]

"""Knowing of every file that was opened for an answer, whether it was closed."""

import threading
from io import FileIO
from typing import Any

import pytest

from pegboard import open_files


class WatchedFile(FileIO):
    """A file that says when it is closed; ``gone`` is set then, in whichever thread it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.gone = threading.Event()
        super().__init__(*args, **kwargs)

    def close(self) -> None:
        super().close()
        self.gone.set()


def watch(monkeypatch: pytest.MonkeyPatch) -> list[WatchedFile]:
    """The files that are opened from now on."""
    files: list[WatchedFile] = []

    class Kept(WatchedFile):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            files.append(self)

    monkeypatch.setattr(open_files, "FileIO", Kept)
    return files

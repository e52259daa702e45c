"""What the cases ask for and answer: the same values for every peer."""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

__all__ = [
    "CHUNK",
    "CHUNKS",
    "ECHO",
    "ECHO_BODY",
    "PLAIN",
    "SMALL",
    "big_file",
    "dumped",
    "records",
]

PLAIN = "Hello, world!"

SMALL = {"message": PLAIN}

ECHO: dict[str, Any] = {
    "name": "Peg",
    "price": 12.5,
    "count": 3,
    "tags": ["wood", "round", "small"],
    "maker": {"name": "Board & Sons", "city": "Utrecht"},
}

CHUNK = b"x" * 1024
CHUNKS = 100


def dumped(value: Any) -> bytes:
    """A value as compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


ECHO_BODY = dumped(ECHO)


def records(size: int) -> list[dict[str, Any]]:
    """Records that take at least ``size`` bytes as JSON, and at most one record more."""
    made: list[dict[str, Any]] = []
    length = 2
    while length < size:
        number = len(made)
        record = {
            "id": number,
            "name": f"peg number {number}",
            "email": f"user{number * 7919 % 1000}@example.org",
            "active": number % 3 == 0,
            "score": number * 7919 % 9973 / 10,
            "tags": ["round", "wood"],
        }
        made.append(record)
        length += len(dumped(record)) + 1
    return made


@functools.cache
def big_file(megabytes: int = 1) -> Path:
    """A file of so many MB, removed when the run ends."""
    folder = Path(tempfile.mkdtemp(prefix="pegboard-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "big.bin"
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(bytes(range(256)) * 4096)
    return path

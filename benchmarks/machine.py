"""What a run was made with: versions, processor, load. No paths, names or addresses of the machine."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["describe", "fingerprint"]

PACKAGES = (
    "pegboard",
    "pegboard-cors",
    "pegboard-gzip",
    "pegboard-auth",
    "pegboard-logging",
    "starlette",
    "fastapi",
    "litestar",
    "blacksheep",
    "falcon",
    "quart",
    "starlette-compress",
    "asgi-correlation-id",
    "brotli-asgi",
    "joserfc",
    "cryptography",
    "structlog",
    "uvicorn",
    "granian",
    "hypercorn",
    "anyio",
    "msgspec",
    "pluggy",
    "pydantic",
)


SOURCES = ("pegboard", "pegboard_cors", "pegboard_gzip", "pegboard_auth", "pegboard_logging", "benchmarks")


def describe(rounds: int, seconds: float, sources: str) -> dict[str, Any]:
    """The circumstances of a run on these ``sources``: ``seconds`` in all, at least ``rounds`` samples of each."""
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "sources": sources,
        "rounds": rounds,
        "seconds": round(seconds),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "compiler": platform.python_compiler(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": [round(value, 2) for value in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "event_loop": "asyncio",
        "packages": {name: version for name in PACKAGES if (version := version_of(name))},
        "executable_bits": sys.maxsize.bit_length() + 1,
    }


def fingerprint() -> str:
    """A digest of Pegboard's sources and of the benchmark's own: results belong to exactly one."""
    digest = hashlib.sha256()
    for name in SOURCES:
        spec = importlib.util.find_spec(name)
        for folder in sorted(spec.submodule_search_locations or ()) if spec else ():
            for path in sorted(Path(folder).rglob("*.py")):
                digest.update(f"{name}/{path.relative_to(folder)}".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def processor() -> str:
    """The processor's name, where the system tells."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or "unknown"


def version_of(distribution: str) -> str | None:
    """The installed version, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None

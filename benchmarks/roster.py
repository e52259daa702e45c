"""The peers that take part. One that is not installed is left out, and the report says so."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from benchmarks.asgi import Peer

__all__ = ["ABSENT", "OURS", "peer", "peers"]

OURS = "Pegboard"

MODULES = {
    "raw ASGI": ("raw", "PEER"),
    "Pegboard": ("pegboard_", "PEER"),
    "Starlette": ("starlette_", "PEER"),
    "Starlette with msgspec": ("starlette_", "WITH_MSGSPEC"),
    "FastAPI": ("fastapi_", "PEER"),
    "Litestar": ("litestar_", "PEER"),
    "BlackSheep": ("blacksheep_", "PEER"),
    "Falcon": ("falcon_", "PEER"),
    "Quart": ("quart_", "PEER"),
}

ABSENT: dict[str, str] = {}
"""The peers that could not be imported, with the reason."""


def peer(name: str) -> Peer | None:
    """The peer of this name, or None when its packages are not installed."""
    module, attribute = MODULES[name]
    try:
        found: Peer = getattr(importlib.import_module(f"benchmarks.peers.{module}"), attribute)
    except ImportError as error:
        ABSENT[name] = str(error)
        return None
    return found


def peers() -> Iterator[Peer]:
    """Every peer that is installed, in the order of the tables."""
    for name in MODULES:
        found = peer(name)
        if found is not None:
            yield found

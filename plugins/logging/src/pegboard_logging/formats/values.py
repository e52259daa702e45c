"""Values that handlers bound, made fit for a line: any object, any depth, any text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from pegboard_logging.fields import Record, fields_of
from pegboard_logging.redaction import DEEP, MAX_DEPTH

__all__ = ["dump", "encode", "plain"]


def odd(value: Any) -> str:
    """What stands for an object that the encoder does not know: its text, or its type where it has none."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001  whatever an object's __str__ raises, the line must be written
        return f"<{type(value).__name__}>"


def plain(value: Any, depth: int = 0) -> Any:
    """``value`` made of dicts with text keys, lists, and scalars that every encoder takes."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else str(value)
    if depth < MAX_DEPTH and isinstance(value, Mapping):
        return {plain(odd(key)): plain(item, depth + 1) for key, item in value.items()}
    if depth < MAX_DEPTH and isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    return plain(odd(value)) if depth < MAX_DEPTH else DEEP


def dump(value: Any) -> bytes:
    """``value`` as JSON; what the encoder refuses is made plain first."""
    try:
        return encode(value)
    except Exception:  # noqa: BLE001  an odd value is no reason to lose a record
        return encode(plain(fields_of(value) if isinstance(value, Record) else value))


encode = msgspec.json.Encoder(enc_hook=odd).encode

"""JSON from and to types: what msgspec knows, and pydantic models wherever dataclasses do.

Rules that must not move:

- pydantic is never imported here before a model of its own was met, and whoever has one has imported it.
- A body that is no JSON is a `msgspec.DecodeError`; one that does not fit its type is a `msgspec.ValidationError` with
  the place of each fault, as far as the library at work finds them all: pydantic does, msgspec stops at the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, get_args

import msgspec

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

__all__ = ["MAX_ERRORS", "decode_json", "encode_json", "is_model"]

MAX_ERRORS = 100
"""How many faults of one body are told."""


def is_model(kind: type) -> bool:
    """Whether ``kind`` is a pydantic model."""
    return hasattr(kind, "model_dump_json") and hasattr(kind, "__pydantic_serializer__")


def encode_json(content: Any) -> bytes:
    """``content`` as JSON (RFC 8259). Raises TypeError that names the type which JSON cannot say."""
    return _encoder.encode(content)


def decode_json(body: str | bytes, kind: Any) -> Any:
    """``body`` as ``kind``, a type that msgspec knows, a pydantic model, or made of these."""
    if kind is Any:
        return msgspec.json.decode(body)
    adapter = _adapter(kind)
    if adapter is None:
        return msgspec.json.decode(body, type=kind, dec_hook=_decode_model)
    try:
        return adapter.validate_json(body)
    except ValueError as error:
        raise _told(error) from error


def _adapter(kind: Any) -> TypeAdapter[Any] | None:
    """What validates ``kind``, where it is a type of pydantic's or has one as an argument: ``list[Model]``."""
    try:
        return _kept_adapter(kind)
    except TypeError:
        # Some annotations cannot be keys of a cache.
        return _make_adapter(kind)


def _make_adapter(kind: Any) -> TypeAdapter[Any] | None:
    if not _is_pydantic(kind):
        return None
    from pydantic import TypeAdapter  # noqa: PLC0415  imported already, or there would be no such type

    return TypeAdapter(kind)


_kept_adapter = lru_cache(maxsize=256)(_make_adapter)


def _is_pydantic(kind: Any) -> bool:
    return hasattr(kind, "__pydantic_validator__") or any(map(_is_pydantic, get_args(kind)))


def _encode_model(value: Any) -> msgspec.Raw:
    if not is_model(type(value)):
        raise TypeError(f"Encoding objects of type {type(value).__name__} is unsupported")
    return msgspec.Raw(value.model_dump_json().encode())


def _decode_model(kind: Any, value: Any) -> Any:
    """A model within a Struct or a dataclass."""
    adapter = _adapter(kind)
    if adapter is None:
        # No fault of the client's: msgspec would tell a TypeError as one.
        raise NotImplementedError(
            f"request.json(type=...) cannot make {kind!r}; expected what msgspec or pydantic knows, "
            "such as a dataclass, a Struct or a model"
        )
    try:
        return adapter.validate_json(msgspec.json.encode(value))
    except ValueError as error:
        faults = [f"{place[2:] or 'value'}: {message}" for place, message in _faults(error)]
        raise ValueError("; ".join(faults)) from error


def _told(error: ValueError) -> msgspec.DecodeError:
    """What msgspec would raise for this."""
    faults = _faults(error)
    if _details(error)[0]["type"] == "json_invalid":
        return msgspec.DecodeError(faults[0][1])
    return msgspec.ValidationError("\n".join(f"{message} - at `{place}`" for place, message in faults))


def _faults(error: ValueError) -> list[tuple[str, str]]:
    """The place and text of each fault, neither with what the client sent."""
    details = _details(error)
    faults = [(_place(detail["loc"]), detail["msg"]) for detail in details[:MAX_ERRORS]]
    if len(details) > MAX_ERRORS:
        faults.append(("$", f"{len(details) - MAX_ERRORS} more faults"))
    return faults


def _details(error: ValueError) -> list[Any]:
    failed: ValidationError = error  # type: ignore[assignment]
    return list(failed.errors(include_url=False, include_context=False, include_input=False))


def _place(location: Sequence[int | str]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)


_encoder = msgspec.json.Encoder(enc_hook=_encode_model)

"""The names for annotations are all there, and describe what runs."""

from __future__ import annotations

from pegboard import types
from pegboard.types import ASGIApp, Message, Receive, Scope, Send


def test_every_public_name_exists() -> None:
    """What the module lists can be imported."""
    assert [name for name in types.__all__ if not hasattr(types, name)] == []


def test_a_plain_asgi_function_is_an_application() -> None:
    """An application is annotated with the aliases alone, which the type checkers verify here."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        message: Message = await receive()
        await send(message)

    annotated: ASGIApp = app
    assert annotated is app

"""From the table ``auth.sessions`` to the sessions of a board, once, when it freezes."""

from __future__ import annotations

from pegboard_auth.audit import Audit
from pegboard_auth.session_rules import Timeouts
from pegboard_auth.session_settings import SessionSettings
from pegboard_auth.session_signing import Signing
from pegboard_auth.session_sqlite import SQLiteSessions
from pegboard_auth.session_stores import MemorySessions, SessionStore
from pegboard_auth.sessions import SESSION, Sessions

__all__ = ["build_sessions"]


def build_sessions(settings: SessionSettings | None, audit: Audit) -> Sessions | None:
    """The sessions that are configured, or None."""
    if settings is None:
        return None
    return Sessions(
        _store(settings),
        Signing(map(str, settings.keys), SESSION),
        Timeouts(settings.idle_timeout, settings.absolute_timeout),
        audit,
        settings.cookie,
        settings.persistent,
        settings.trusted_origins,
    )


def _store(settings: SessionSettings) -> SessionStore:
    if settings.store is not None:
        store: SessionStore = settings.store
        return store
    return MemorySessions(settings.max_sessions) if settings.file is None else SQLiteSessions(settings.file)

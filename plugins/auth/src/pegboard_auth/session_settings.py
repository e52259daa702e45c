"""The table ``auth.sessions``, checked on its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from pegboard.concurrency import is_async
from pegboard.settings import Settings
from pegboard.text_values import Secret
from pegboard_auth.credential_settings import Problems
from pegboard_auth.csrf import is_origin
from pegboard_auth.session_signing import MIN_KEY_LENGTH
from pegboard_auth.session_stores import STORE_METHODS

__all__ = ["SessionSettings", "check_origins"]

_COOKIE = re.compile(r"__Host-[A-Za-z0-9_-]{1,64}")


class SessionSettings(Settings, frozen=True, kw_only=True):
    """Sessions of browsers: what signs their cookies, how long they last, and where they are kept."""

    keys: Annotated[
        tuple[Secret, ...], Meta(min_length=1, description="Random texts: the first signs cookies, all verify.")
    ]
    cookie: Annotated[str, Meta(description="The cookie's name; it begins with __Host-")] = "__Host-session"
    persistent: Annotated[bool, Meta(description="Whether browsers keep the cookie when they are closed.")] = False
    idle_timeout: Annotated[float, Meta(ge=1, description="Seconds without a request that end a session.")] = 1800
    absolute_timeout: Annotated[float, Meta(ge=1, description="Seconds after the login that end a session.")] = 43200
    trusted_origins: Annotated[
        tuple[str, ...], Meta(description="Origins whose pages may send the cookie, such as https://app.example.")
    ] = ()
    max_sessions: Annotated[
        int, Meta(ge=1, description="How many sessions are kept in memory, where neither file nor store is given.")
    ] = 10_000
    file: Annotated[Path | None, Meta(description="A SQLite file that keeps sessions, for several processes.")] = None
    store: Annotated[Any | None, Meta(description="An object that keeps sessions, see SessionStore; in code only.")] = (
        None
    )

    def check(self) -> Problems:
        """Yield what is wrong."""
        for index, key in enumerate(self.keys):
            if len(str(key)) < MIN_KEY_LENGTH:
                yield (
                    f"keys[{index}]",
                    f"expected at least {MIN_KEY_LENGTH} random characters; make them with secrets.token_urlsafe(32)",
                )
        if len({str(key) for key in self.keys}) < len(self.keys):
            yield "keys", "a key is given twice; give each once, the newest first"
        if not _COOKIE.fullmatch(self.cookie):
            yield "cookie", "expected a name of letters, digits, hyphens and underscores that begins with __Host-"
        if self.idle_timeout > self.absolute_timeout:
            yield "idle_timeout", f"expected at most absolute_timeout, which is {self.absolute_timeout:g} seconds"
        yield from check_origins("trusted_origins", self.trusted_origins)
        yield from self._check_store()

    def _check_store(self) -> Problems:
        if self.file is not None and self.store is not None:
            yield "store", "expected either file or store"
        if self.file is not None and (self.file.is_dir() or not self.file.absolute().parent.is_dir()):
            yield "file", f"{self.file} is no file in a directory that exists; make the directory"
        if self.store is not None:
            missing = [name for name in STORE_METHODS if not is_async(getattr(self.store, name, None))]
            if missing:
                yield (
                    "store",
                    f"{type(self.store).__name__} lacks asynchronous methods of SessionStore: {', '.join(missing)}",
                )


def check_origins(key: str, origins: Iterable[str]) -> Problems:
    """Yield which of the texts under ``key`` are no origins."""
    for index, origin in enumerate(origins):
        if not is_origin(origin):
            yield f"{key}[{index}]", "expected an origin in lower case, such as https://app.example"

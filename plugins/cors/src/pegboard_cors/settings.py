"""The settings of the plugin: for the board, and the same keys for single routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from msgspec import Meta

from pegboard.settings import Settings
from pegboard_cors.checks import problems_of

__all__ = ["CORSSettings"]


class CORSSettings(Settings, frozen=True, kw_only=True):
    """Which origins may read responses, and what they may send. Without any origin the plugin does nothing."""

    allow_origins: Annotated[
        tuple[str, ...],
        Meta(description='Exact origins, "*" alone, "null", patterns "https://*.example.com" and "http://localhost:*"'),
    ] = ()
    allow_origin_regex: Annotated[
        str | None, Meta(description="A regular expression that has to match the whole origin")
    ] = None
    allow_origin: Annotated[
        Callable[..., Any] | None,
        Meta(
            description="(origin, connection) -> (allowed, names it varies on), sync or async, given in code",
            extra={"hint": "origins by name go into allow_origins"},
        ),
    ] = None
    allow_methods: Annotated[
        tuple[str, ...], Meta(description='Methods of preflighted requests, case-sensitive; "*" for any')
    ] = ("GET", "HEAD", "POST")
    allow_headers: Annotated[
        tuple[str, ...], Meta(description='Names of request headers; "*" for any but Authorization')
    ] = ()
    allow_credentials: Annotated[bool, Meta(description="Whether cookies and other credentials may be used")] = False
    expose_headers: Annotated[
        tuple[str, ...], Meta(description='Names of response headers that pages may read; "*" for any')
    ] = ()
    max_age: Annotated[int, Meta(ge=0, le=86400, description="Seconds a browser may keep a preflight; 0 for none")] = (
        600
    )
    allow_private_network: Annotated[
        bool, Meta(description="Whether pages of public networks may reach this service in a private one")
    ] = False
    websocket_check_origin: Annotated[
        bool, Meta(description="Refuse WebSocket handshakes from origins neither allowed nor of the same host")
    ] = False
    dangerously_allow_credentials_over_insecure_http: Annotated[
        bool, Meta(description="Let http origins use credentials, although anybody on the network can pose as them")
    ] = False
    on_reject: Annotated[
        Callable[..., None] | None,
        Meta(description="(connection, rejection) -> None: told about everything not allowed, given in code"),
    ] = None

    def check(self) -> Iterable[tuple[str, str]]:
        """Yield everything wrong with these settings."""
        return problems_of(self)

    @property
    def allows_any(self) -> bool:
        """Whether every origin is allowed (``*``)."""
        return "*" in self.allow_origins

    @property
    def allows_some(self) -> bool:
        """Whether any origin at all can be allowed."""
        return bool(self.allow_origins or self.allow_origin_regex is not None or self.allow_origin)

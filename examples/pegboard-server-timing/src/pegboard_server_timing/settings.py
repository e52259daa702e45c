"""What can be configured: in pegboard.toml, in the environment, in code, and for single routes."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta
from pegboard.settings import Settings

__all__ = ["ServerTimingRouteSettings", "ServerTimingSettings"]


class ServerTimingRouteSettings(Settings, frozen=True, kw_only=True):
    """What a route can have of its own."""

    show: Annotated[
        Literal["debug", "always", "never"],
        Meta(description="Who sees the times: clients of a board in debug mode, all of them, or none"),
    ] = "debug"
    descriptions: Annotated[bool, Meta(description="Whether metrics carry their descriptions")] = True


class ServerTimingSettings(ServerTimingRouteSettings, frozen=True, kw_only=True):
    """The settings of the plugin."""

    hooks: Annotated[
        bool, Meta(description="One metric for each plugin whose hooks ran, for two clock reads a hook")
    ] = False
    trailers: Annotated[
        bool, Meta(description="The whole duration as a trailer, where client and server can have trailers")
    ] = False
    limit: Annotated[int, Meta(ge=1, le=100, description="How many metrics one response carries at most")] = 20

"""Routing: from paths to routes, and from names back to paths."""

from pegboard.routing.router import NoMatchFound, Router
from pegboard.routing.routes import BaseRoute, Host, Mount, Route, WebSocketRoute

__all__ = ["BaseRoute", "Host", "Mount", "NoMatchFound", "Route", "Router", "WebSocketRoute"]

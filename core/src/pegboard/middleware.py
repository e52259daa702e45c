"""ASGI middleware with its arguments, for ``middleware=[...]``.

    Pegboard(routes=[...], middleware=[Middleware(TimingMiddleware, header="Server-Timing")])

A list of these is read from the outside in. Any function from an application to an application does as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pegboard.types import ASGIApp

__all__ = ["Middleware"]


class Middleware:
    """``cls``, called with an application, ``args`` and ``kwargs``, gives the application around it.

    It unpacks into these three: ``cls, args, kwargs = middleware``.
    """

    __slots__ = ("args", "cls", "kwargs")

    def __init__(self, cls: Callable[..., ASGIApp], *args: Any, **kwargs: Any) -> None:
        if not callable(cls):
            raise TypeError(f"Middleware({cls!r}): expected a class, or what else makes an ASGI application from one")
        self.cls = cls
        self.args = args
        self.kwargs = kwargs

    def __call__(self, app: ASGIApp) -> ASGIApp:
        """Put the middleware around ``app``."""
        return self.cls(app, *self.args, **self.kwargs)

    def __iter__(self) -> Iterator[Any]:
        return iter((self.cls, self.args, self.kwargs))

    def __repr__(self) -> str:
        arguments = [getattr(self.cls, "__name__", repr(self.cls)), *map(repr, self.args)]
        arguments += [f"{name}={value!r}" for name, value in self.kwargs.items()]
        return f"{type(self).__name__}({', '.join(arguments)})"

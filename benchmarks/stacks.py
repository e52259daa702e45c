"""The four real plugins, and what Starlette's users put in their place.

Both sides do the same work on the same request: CORS for one origin, with credentials; compression of what is larger
than 1 KB; a bearer token looked up in a dict of callers, whose objects are made in advance (cryptography would hide the
frameworks); one JSON line per request with a request id, which is also put into the response. Lines go to a function
that drops them. Options not named here are each side's defaults.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from time import perf_counter
from typing import Any, ClassVar
from uuid import uuid4

import msgspec
from benchmarks.asgi import App
from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

__all__ = [
    "HEADERS",
    "KNOWN",
    "ORIGIN",
    "PLUGINS",
    "REQUEST_ID",
    "STARLETTE",
    "STEPS",
    "ask_headers",
    "drop",
    "line",
    "starlette_four",
]

ORIGIN = b"https://app.example.com"
REQUEST_ID = b"0af7651916cd43dd8448eb211c80319c"
TOKEN, USER = b"f3b1c2d4e5", "ada"
KNOWN = {TOKEN: USER}
MINIMUM_SIZE = 1024


def ask_headers(codings: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of a request that gives every plugin something to do."""
    return (
        (b"origin", ORIGIN),
        (b"accept-encoding", codings),
        (b"authorization", b"Bearer " + TOKEN),
        (b"x-request-id", REQUEST_ID),
    )


HEADERS = ((b"access-control-allow-origin", ORIGIN), (b"x-request-id", REQUEST_ID))
"""What every answer has, so that nobody is timed who does less."""


def drop(line: bytes) -> None:
    """Where log lines go."""


# Pegboard's four. They are imported when they are asked for: one that is not finished costs its own rows only.


def cors() -> Any:
    return _plugin("pegboard_cors", "CORS")(allow_origins=[ORIGIN.decode()], allow_credentials=True)


def gzip() -> Any:
    return _plugin("pegboard_gzip", "Gzip")(minimum_size=MINIMUM_SIZE)


def auth() -> Any:
    schemes = importlib.import_module("pegboard_auth.schemes")
    identity = importlib.import_module("pegboard_auth.identity")

    known = {TOKEN: identity.Access(identity.User(USER), "token")}

    class Token(schemes.Scheme):  # type: ignore[name-defined, misc]
        """Bearer tokens in a dict."""

        name = "token"

        def authenticate(self, connection: Any) -> Any:
            sent = connection.header(b"authorization")
            token = None if sent is None else schemes.credentials_of(sent, b"bearer")
            return None if token is None else known.get(token)

    return _plugin("pegboard_auth", "Auth")(custom_schemes=[Token()], default="deny")


def logging() -> Any:
    return _plugin("pegboard_logging", "Logging")(format="json", write=drop)


def _plugin(module: str, name: str) -> Any:
    try:
        return getattr(importlib.import_module(module), name)
    except AttributeError:
        raise ImportError(f"{module} has no {name} yet") from None


PLUGINS: dict[str, Callable[[], Any]] = {"cors": cors, "gzip": gzip, "auth": auth, "logging": logging}

STEPS: dict[str, tuple[str, ...]] = {
    "four empty plugins": (),
    "cors, three empty": ("cors",),
    "cors, gzip, two empty": ("cors", "gzip"),
    "cors, gzip, auth, one empty": ("cors", "gzip", "auth"),
}
"""On the way from none to all four: which are real, while the others have their hooks and do nothing in them."""


# Starlette's.


class TokenBackend(AuthenticationBackend):
    """Bearer tokens in a dict."""

    known: ClassVar = {TOKEN.decode(): (AuthCredentials(["authenticated"]), SimpleUser(USER))}

    async def authenticate(self, conn: Any) -> tuple[AuthCredentials, SimpleUser] | None:
        """Look the token up."""
        scheme, _, token = conn.headers.get("authorization", "").partition(" ")
        return self.known.get(token) if scheme.lower() == "bearer" else None


encode = msgspec.json.Encoder().encode


class AccessLog:
    """One line per request and a request id, as plain ASGI middleware."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Log one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = perf_counter()
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), None)
        request_id = given or uuid4().hex.encode()
        status, size = 0, 0

        async def watch(message: Any) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            drop(line(scope["method"], scope["path"], status, size, perf_counter() - started, request_id.decode()))


class AccessLogBase(BaseHTTPMiddleware):
    """The same as it is mostly written."""

    async def dispatch(self, request: Any, call_next: Any) -> Any:
        """Log one request."""
        started = perf_counter()
        request_id = request.headers.get("x-request-id") or uuid4().hex
        response = await call_next(request)
        response.headers["x-request-id"] = request_id
        size = int(response.headers.get("content-length", 0))
        duration = perf_counter() - started
        drop(line(request.method, request.url.path, response.status_code, size, duration, request_id))
        return response


def line(method: str, path: str, status: int, size: int, duration: float, request_id: str) -> bytes:
    """A log line."""
    return encode(
        {
            "method": method,
            "path": path,
            "status": status,
            "bytes": size,
            "duration": duration,
            "request_id": request_id,
        }
    )


STARLETTE: dict[str, Callable[[], Middleware]] = {
    "cors": lambda: Middleware(CORSMiddleware, allow_origins=[ORIGIN.decode()], allow_credentials=True),
    "gzip": lambda: Middleware(GZipMiddleware, minimum_size=MINIMUM_SIZE),
    "auth": lambda: Middleware(AuthenticationMiddleware, backend=TokenBackend()),
    "logging": lambda: Middleware(AccessLog),
}


def starlette_four(variant: str = "") -> list[Middleware]:
    """The four, outermost first, in the order that Pegboard's phases give: log, CORS, authentication, compression."""
    made = {name: make() for name, make in STARLETTE.items()}
    if variant == "base":
        made["logging"] = Middleware(AccessLogBase)
    elif variant == "level 6":
        # Pegboard's own default; Starlette's is 9.
        made["gzip"] = Middleware(GZipMiddleware, minimum_size=MINIMUM_SIZE, compresslevel=6)
    elif variant == "packages":
        # A package each instead of what comes with Starlette: starlette-compress and asgi-correlation-id.
        correlation = importlib.import_module("asgi_correlation_id").CorrelationIdMiddleware
        made["gzip"] = Middleware(importlib.import_module("starlette_compress").CompressMiddleware, minimum_size=1024)
        made["logging"] = Middleware(correlation, header_name="X-Request-ID", validator=None)
    return [made[name] for name in ("logging", "cors", "auth", "gzip")]

"""Serving with uvicorn.

- One process: the application is loaded and frozen first, so that whatever is wrong is said before a port is opened.
- Workers: the same is done once in the parent, for its findings only; then each worker loads for itself.
- Reload: the parent never imports the application. The worker does, and says what is wrong; the parent waits for a
  change.

Workers learn what to serve from the environment (`HANDED_DOWN`): they are started afresh and share nothing else.
"""

from __future__ import annotations

import contextlib
import copy
import errno
import logging
import os
import socket
import sys
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from uvicorn.config import LOGGING_CONFIG

from pegboard.applications import Pegboard
from pegboard.cli.banner import Banner, make_banner
from pegboard.cli.boards import freeze, frozen_to_serve
from pegboard.cli.failures import BrokenApplication, Refused
from pegboard.cli.supervising import Reloader, Workers, let_interrupts_through
from pegboard.cli.targets import load, locate_or_refuse
from pegboard.exceptions import ConfigurationError
from pegboard.types import ASGIApp

__all__ = ["Service", "application", "serve"]

# Not one of the variables that are settings: those begin with PEGBOARD_.
HANDED_DOWN = "_PEGBOARD_SERVICE"

# The exit status that tells uvicorn's supervisor not to start a worker again.
STARTUP_FAILURE = 3

BIND_HINTS = {
    errno.EADDRINUSE: "stop whatever listens there, or take another port: --port 0 takes a free one",
    errno.EADDRNOTAVAIL: "this machine has no such address; --host 0.0.0.0 listens on all that it has",
    errno.EACCES: "ports below 1024 need privileges; take a higher one, such as --port 8000",
}


@dataclass(frozen=True, slots=True)
class Service:
    """What is served, and how. ``graceful_timeout`` is in seconds: open streams are cut off after it."""

    app: str | None
    wrap: str | None
    host: str
    port: int
    workers: int
    reload: bool
    graceful_timeout: int
    as_json: bool
    url: str = ""


class AnnouncingServer(uvicorn.Server):
    """A server that shows the banner once it listens."""

    def __init__(self, config: uvicorn.Config, banner: Banner, as_json: bool) -> None:
        super().__init__(config)
        self.banner = banner
        self.as_json = as_json

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started:
            self.banner.show(self.as_json)


def serve(service: Service) -> int:
    """Serve until somebody stops it; gives the exit status.

    Raises Refused, BrokenApplication and ConfigurationError before anything is opened.
    """
    locate_or_refuse(service.app, service.wrap)
    if service.reload:
        with _bound(service) as listening:
            return _supervised(service, listening)
    app, name = _loaded(service)
    with _bound(service) as listening:
        banner = make_banner(app, name, _url(service.host, listening), workers=service.workers)
        if service.workers > 1:
            banner.show(service.as_json)
            return _supervised(service, listening)
        server = AnnouncingServer(_config(app, service, has_access_log(app)), banner, service.as_json)
        with contextlib.suppress(KeyboardInterrupt, SystemExit):
            server.run([listening])
        return 0 if server.started else 1


def application() -> ASGIApp:
    """The application of a worker, as its parent's environment says."""
    let_interrupts_through()
    service = msgspec.json.decode(os.environ[HANDED_DOWN], type=Service)
    try:
        app, name = _loaded(service)
    except BrokenApplication as error:
        error.show()
        sys.exit(STARTUP_FAILURE)
    except (ConfigurationError, Refused) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(STARTUP_FAILURE)
    if has_access_log(app):
        logging.getLogger("uvicorn.access").handlers = []
    if service.reload:
        make_banner(app, name, service.url, reload=True).show(service.as_json)
    return app


def has_access_log(app: ASGIApp) -> bool:
    """Whether a plugin writes access records: one called ``logging``, or one that provides ``access-log``."""
    return isinstance(app, Pegboard) and any(
        member.name == "logging" or "access-log" in getattr(member.plugin, "provides", ())
        for member in freeze(app).members
    )


def _loaded(service: Service) -> tuple[ASGIApp, str]:
    app, name = load(locate_or_refuse(service.app, service.wrap))
    if isinstance(app, Pegboard):
        frozen_to_serve(app)
    return app, name


def _supervised(service: Service, listening: socket.socket) -> int:
    service = replace(service, url=_url(service.host, listening))
    os.environ[HANDED_DOWN] = msgspec.json.encode(service).decode()
    config = _config("pegboard.cli.serving:application", service, False)
    # Who calls before the first worker is up waits for it.
    listening.listen(config.backlog)
    if service.reload:
        Reloader(config, target=uvicorn.Server(config).run, sockets=[listening]).run()
    else:
        supervisor = Workers(config, sockets=[listening])
        supervisor.run()
        if any(worker.process.exitcode == STARTUP_FAILURE for worker in supervisor.processes):
            return 1
    return 0


def _config(app: ASGIApp | str, service: Service, is_quiet: bool) -> uvicorn.Config:
    options: dict[str, Any] = {}
    if service.reload and find_spec("watchfiles") is not None:
        options["reload_includes"] = ["*.py", "pegboard.toml", "pyproject.toml"]
    if service.reload:
        folders = {Path.cwd(), locate_or_refuse(service.app, service.wrap).folder}
        options["reload_dirs"] = [str(folder) for folder in sorted(folders)]
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        host=service.host,
        port=service.port,
        workers=service.workers,
        reload=service.reload,
        timeout_graceful_shutdown=service.graceful_timeout,
        access_log=not is_quiet,
        log_config=_log_config(),
        **options,
    )


def _log_config() -> dict[str, Any]:
    """The server's logging without its own account of starting, which the banner gives; errors and access stay."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["loggers"]["uvicorn.error"]["level"] = "WARNING"
    return config


@contextlib.contextmanager
def _bound(service: Service) -> Any:
    """A socket bound to the address. Raises Refused when it cannot be."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            service.host, service.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise Refused(f"{service.host!r} is no address of this machine ({error}); try --host 127.0.0.1") from None
    with socket.socket(family, kind, protocol) as listening:
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            hint = BIND_HINTS.get(error.errno or 0, "try another --host or --port")
            raise Refused(f"cannot listen on {service.host}:{service.port}: {reason}; {hint}") from None
        listening.set_inheritable(True)
        yield listening


def _url(host: str, listening: socket.socket) -> str:
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

"""Saying the same to Starlette and to Pegboard, and comparing what each makes of it.

A *claim* is a row of the page "Coming from Starlette" as a function: it does something with the names of one framework
and gives what came of it. It stands with what comes of it in either. An exception counts by the name of its class.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anyio
from board_harness import Answer, ask

from pegboard import Pegboard

__all__ = [
    "CLAIMS",
    "ERROR",
    "NOTHING",
    "USES",
    "Claim",
    "Kit",
    "asked",
    "claim",
    "client",
    "endpoint",
    "kits",
    "outcome",
    "use",
]

ERROR = 500
"""What clients see of an exception that no handler has."""

NOTHING = "has no such thing"
"""Stands for a framework in which there is nothing to compare."""


class Kit:
    """The modules of one framework by their names, and how its applications are made."""

    def __init__(self, package: str) -> None:
        self.package = package

    def __getattr__(self, module: str) -> Any:
        return importlib.import_module(f"{self.package}.{module}")

    @property
    def is_ours(self) -> bool:
        """Whether it is Pegboard."""
        return self.package == "pegboard"

    def app(self, *routes: Any, **options: Any) -> Any:
        """An application with these routes, and without plugins."""
        if self.is_ours:
            return Pegboard(routes=routes, plugins=[], config={}, **options)
        return self.applications.Starlette(routes=routes, **options)


kits = (Kit("starlette"), Kit("pegboard"))


@dataclass(frozen=True, slots=True)
class Claim:
    """A row of the page: its section and first cell, what is done, and what either framework makes of it."""

    section: str
    what: str
    do: Callable[[Kit], Any]
    theirs: Any
    ours: Any


CLAIMS: list[Claim] = []


def claim(section: str, what: str, *, theirs: Any, ours: Any) -> Callable[[Callable[[Kit], Any]], Callable[[Kit], Any]]:
    """Note a function as what shows a row."""

    def note(do: Callable[[Kit], Any]) -> Callable[[Kit], Any]:
        CLAIMS.append(Claim(section, what, do, theirs, ours))
        return do

    return note


USES: list[Callable[[Kit], Any]] = []
"""What can be done with either framework, and comes to the same."""


def use(do: Callable[[Kit], Any]) -> Callable[[Kit], Any]:
    """Note a function as such a use."""
    USES.append(do)
    return do


def outcome(do: Callable[[Kit], Any], kit: Kit) -> Any:
    """What it gives; the name of the exception when it raises."""
    try:
        return do(kit)
    except Exception as error:  # noqa: BLE001  whatever it is, its kind is what is compared
        return type(error).__name__


def endpoint(kit: Kit, path: str, respond: Callable[[Any], Any], **options: Any) -> Any:
    """A route that answers what ``respond`` makes of the request: a response, or the JSON of anything else."""

    async def serve(request: Any) -> Any:
        given = respond(request)
        if hasattr(given, "__await__"):
            given = await given
        return given if callable(given) else kit.responses.JSONResponse(given)

    return kit.routing.Route(path, serve, **options)


def client(kit: Kit, *routes: Any, **options: Any) -> Any:
    """The framework's own test client on an application with these routes; exceptions are seen as 500."""
    return kit.testclient.TestClient(kit.app(*routes, **options), raise_server_exceptions=False)


def asked(app: Any, target: str, *arguments: Any, **options: Any) -> Answer:
    """Ask an application below what clients can be made to send."""

    async def run() -> Answer:
        return await ask(app, target, *arguments, **options)

    answer = anyio.run(run)
    if answer.error is not None and not answer.status:
        raise answer.error
    return answer

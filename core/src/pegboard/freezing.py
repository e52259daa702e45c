"""The freeze: a board's plugins, routes and handlers become the applications that serve its connections.

The order of the text is the order of events: plugins are assembled, their setup hooks run, their routes are added,
every route gets its plan, and whatever wraps the whole board is put around it.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

from pegboard.assembly import Assembly, assemble, call_named, failed
from pegboard.compiling import compile_hook
from pegboard.concurrency import BACKGROUND, ENDPOINTS, FILES
from pegboard.contributions import Contributions
from pegboard.exceptions import ConfigurationError
from pegboard.plans import Plan, Planner
from pegboard.routing.endpoints import wrap_in_middleware
from pegboard.routing.flattening import flatten
from pegboard.routing.layers import Layers
from pegboard.routing.lists import RouteList
from pegboard.routing.routes import BaseRoute, Inner
from pegboard.settings import lost_files
from pegboard.stories.http import Entrance
from pegboard.stories.lifespan import LifespanStory, Tenant, foreign_lifespan
from pegboard.stories.recovery import HTTPStory
from pegboard.stories.websocket import WebSocketStory
from pegboard.tables import Tables
from pegboard.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from pegboard.applications import Pegboard

__all__ = ["Frozen"]

logger = logging.getLogger("pegboard")


class Frozen:
    """What a board becomes: its plugins at once, and after `prepare` the applications that serve its connections.

    Raises ConfigurationError with all problems.
    """

    def __init__(self, board: Pegboard) -> None:
        given = board.given
        self.board = board
        self.layers = Layers()
        # Boards may be mounted in boards, and each of them may be asked about a request that is inside of several.
        self.own_root = f"pegboard.root_path.{id(board):x}"
        self.assembly: Assembly = assemble(
            given.keywords,
            given.config,
            given.plugins,
            given.sections,
            version("pegboard"),
            limits_bodies=given.limits_bodies,
        )

    def prepare(self) -> Mapping[str, ASGIApp]:
        """Run the setup hooks and compile the routes; gives the applications by the type of the scope they serve.

        ``entrance`` is the story of requests then, unless something that wraps the whole board has to be asked first.
        """
        assembly, board = self.assembly, self.board
        assembly.warn(lost_files(assembly.sources, _endpoints(board)))
        _say_sources(assembly)
        if board.lifespan is not None and (problem := _misuse(board.lifespan)):
            raise ConfigurationError([problem])
        self.contributions = Contributions(board.routes, board.exception_handlers)
        for member, _ in assembly.calls("setup", board=board):
            self.contributions.note(member.name, board.routes, board.exception_handlers)
        board.routes.extend(self._plugin_routes())
        debug = assembly.settings.debug
        rewrite = [compile_hook("rewrite", function, member.impl) for member, function in assembly.impls("rewrite")]
        self.http = HTTPStory(board, rewrite, board.exception_handlers, debug)
        self.websocket = WebSocketStory(board, rewrite, board.exception_handlers, debug)
        lifespan = LifespanStory(self.tenants, assembly.settings.startup_timeout)
        self.compile()
        stories: dict[str, ASGIApp] = {
            "http": Entrance(self.http),
            "websocket": self.websocket.serve,
            "lifespan": lifespan.serve,
        }
        wrapped = self._wrapped(stories)
        self.entrance = None if wrapped else self.http
        self._size_threads()
        return wrapped or stories

    def _plugin_routes(self) -> list[BaseRoute]:
        """The routes of all plugins. Raises ConfigurationError naming those that give something else."""
        found: list[BaseRoute] = []
        problems: list[str] = []
        for member, given in self.assembly.call("routes", board=self.board):
            try:
                routes = list(given)
            except Exception as error:  # noqa: BLE001  it is told with all other problems
                problems.append(failed("routes", member, error))
                continue
            wrong = sorted({type(route).__name__ for route in routes if not isinstance(route, BaseRoute)})
            if wrong:
                expected = "expected routes of pegboard.routing"
                problems.append(f"hook 'routes' of {member.found.described} gave {', '.join(wrong)}; {expected}")
            self.contributions.note(member.name, routes, self.board.exception_handlers)
            found += routes
        if problems:
            raise ConfigurationError(problems)
        return found

    def compile(self) -> None:
        """Make the tables of the routes as they are now. Raises ConfigurationError naming routes that are wrong."""
        assembly, board = self.assembly, self.board
        planner = Planner(assembly.members, [off.name for off in assembly.off], assembly.max_body_size)
        flat = flatten(board.routes, planner.problems)
        tables = Tables(flat, planner, self.layers, self.own_root, board.redirect_slashes)
        if problems := planner.all_problems():
            raise ConfigurationError(problems)
        assembly.warn(tables.warnings)
        self.http.match_by(tables.http, tables.fixed)
        self.http.is_timed = planner.is_timed
        self.websocket.match = tables.websocket
        inner = [each.route.routes for each in flat if isinstance(each.route, Inner) and each.route.is_flattened]
        for routes in (board.routes, *inner):
            if isinstance(routes, RouteList):
                routes.watch(board)

    def plan_for(self, scope: Scope) -> Plan:
        """The plan for a scope, which is not changed, and may be that of a request inside of one of the mounts."""
        root = scope.get(self.own_root, scope.get("root_path", ""))
        asked = dict(scope)
        asked["root_path"] = root
        return self.http.match(asked)[0]

    def tenants(self, state: dict[str, Any]) -> list[Tenant]:
        """Whoever has a part in the lifespan, outermost first: plugins, mounted applications, the board's own."""
        board = self.board
        board.lifespan_state = state
        tenants = [
            Tenant(member.found.described, partial(call_named, function, board=board))
            for member, function in self.assembly.impls("lifespan")
        ]
        apps: dict[int, Tenant] = {}
        for flat in flatten(board.routes):
            if isinstance(flat.route, Inner) and not flat.route.is_flattened:
                where = f"the application mounted at {flat.template.text!r}"
                app = flat.route.app
                # Mounted in two places, it still lives once.
                apps.setdefault(id(app), Tenant(where, partial(foreign_lifespan, app, state)))
        tenants.extend(apps.values())
        if board.lifespan is not None:
            tenants.append(Tenant("the board's lifespan function", partial(board.lifespan, board)))
        return tenants

    def _size_threads(self) -> None:
        """Set the limits of threads that were asked for; they are the process's, so a default changes none."""
        for limit in (ENDPOINTS, FILES, BACKGROUND):
            if self.assembly.loaded.origin(f"threads.{limit.name}").kind != "default":
                limit.threads = getattr(self.assembly.settings.threads, limit.name)

    def _wrapped(self, stories: Mapping[str, ASGIApp]) -> Mapping[str, ASGIApp]:
        """Where something wraps the whole board, that in the place of each story; empty where nothing does."""
        wrappers = list(self.assembly.impls("asgi"))
        if not wrappers and not self.board.middleware:
            return {}

        async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
            await stories[scope["type"]](scope, receive, send)

        problems: list[str] = []
        app = wrap_in_middleware(dispatch, self.board.middleware, "the board", problems)
        if problems:
            raise ConfigurationError(problems)
        for member, function in reversed(wrappers):
            try:
                wrapped = call_named(function, app=app)
            except Exception as error:
                raise ConfigurationError([failed("asgi", member, error)]) from error
            if not callable(wrapped):
                got = type(wrapped).__name__
                raise ConfigurationError(
                    [f"hook 'asgi' of {member.found.described} returned {got}; expected an ASGI application"]
                )
            app = cast("ASGIApp", wrapped)
        return dict.fromkeys(stories, app)


def _endpoints(board: Pegboard) -> Iterator[Any]:
    for flat in flatten(board.routes):
        yield getattr(flat.route, "endpoint", None)


def _say_sources(assembly: Assembly) -> None:
    """Log one line about the start, where the server's own are seen if ours are not."""
    server = logging.getLogger("uvicorn.error")
    is_seen = logger.isEnabledFor(logging.INFO) or not (server.hasHandlers() and server.isEnabledFor(logging.INFO))
    plugins = " > ".join(member.name for member in assembly.members) or "none"
    (logger if is_seen else server).info("Pegboard: plugins %s; configuration %s", plugins, assembly.sources.described)


def _misuse(lifespan: Callable[..., Any]) -> str:
    """What is wrong with a lifespan function that gives no context manager, and what to write."""
    if not (
        inspect.isasyncgenfunction(lifespan)
        or inspect.iscoroutinefunction(lifespan)
        or inspect.isgeneratorfunction(lifespan)
    ):
        return ""
    place = f"{lifespan.__code__.co_filename}, line {lifespan.__code__.co_firstlineno}"
    return (
        f"the lifespan function {lifespan.__qualname__} ({place}) gives no context manager; put "
        "@asynccontextmanager (from contextlib) above it, and `yield` where the application serves"
    )

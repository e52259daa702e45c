"""What `pegboard explain` tells, as data: the match, the steps in the order in which they run, and the settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pegboard.assembly import Member
from pegboard.cli.console import aside
from pegboard.cli.failures import BrokenApplication
from pegboard.cli.live import Live
from pegboard.cli.misses import answer_of, missed
from pegboard.cli.route_plans import endpoint_text, kind_of_endpoint, route_text
from pegboard.compiling import Step
from pegboard.hookspecs import OUTSIDE_IN, ROUTE_HOOKS
from pegboard.plans import Plan
from pegboard.routing.misses import MissRoute
from pegboard.routing.router import flatten
from pegboard.routing.routes import BaseRoute
from pegboard.settings import Loaded, overlay

if TYPE_CHECKING:
    from pegboard.freezing import Frozen

__all__ = ["Explanation", "SettingRow", "StepRow", "explain_scope"]

DIRECTIONS = {
    "rewrite": "in",
    "request": "in",
    "websocket": "in",
    "response": "out",
    "body": "out",
    "complete": "after",
    "websocket_complete": "after",
}
"""Where a hook's steps stand in the picture. `error` hooks run instead of the endpoint's answer, see ``on_error``."""


@dataclass(slots=True)
class StepRow:
    """One function that runs: ``depth`` counts the plugins around it, ``index`` is its place among those of its hook.

    ``seconds`` is known after a live run, of those that ran.
    """

    hook: str
    plugin: str
    kind: str
    place: str
    direction: str
    depth: int
    index: int = 0
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting that is no default, as text, secrets masked, with where it came from."""

    key: str
    value: str
    origin: str


@dataclass(slots=True)
class Explanation:
    """Everything about one request.

    ``answers`` is the built-in answer where no route takes the request, and ``missed`` says in a sentence what to do
    where none even has its path. ``on_error`` names the plugins that are asked
    when something raises, ``notes`` is what plugins say about the route.
    """

    method: str
    path: str
    route: str
    endpoint: str
    name: str
    path_params: dict[str, str]
    around: list[str]
    rewritten: str
    max_body_size: int | None
    answers: str = ""
    missed: str = ""
    steps: list[StepRow] = field(default_factory=list)
    on_error: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    settings: dict[str, list[SettingRow]] = field(default_factory=dict)
    live: Live | None = None


def explain_scope(frozen: Frozen, scope: dict[str, Any]) -> Explanation:
    """Explain what a board does with a scope: `rewrite` hooks run on it, nothing else does.

    Raises BrokenApplication when one of them fails.
    """
    story = frozen.http if scope["type"] == "http" else frozen.websocket
    asked = scope["path"]
    scope["app"] = frozen.board
    with aside():
        error, _ = story.rewritten(scope)
    if error is not None:
        raise BrokenApplication(error)
    plan, params = story.match(scope)
    route = plan.route
    flat = next((flat for flat in flatten(frozen.board.routes) if flat.route is route), None)
    chain = flat.chain if flat is not None else (*getattr(route, "around", ()), route)
    members = frozen.assembly.members
    explanation = Explanation(
        method=scope.get("method", "WEBSOCKET"),
        path=asked,
        route=route.label if flat is None else route_text(flat),
        endpoint=endpoint_text(route.endpoint),
        name=route.name,
        path_params={key: str(value) for key, value in params.items()},
        around=[*_around_all(frozen), *(outer.label for outer in chain[:-1]), *_middleware(chain)],
        rewritten=scope["path"] if scope["path"] != asked else "",
        max_body_size=plan.max_body_size if scope["type"] == "http" else None,
        answers=answer_of(frozen.board, route, scope) if isinstance(route, MissRoute) else "",
        missed=missed(frozen.board, route, scope) if isinstance(route, MissRoute) else "",
        on_error=[step.plugin for step in plan.pipeline.steps("error")] if scope["type"] == "http" else [],
        notes=dict(plan.notes),
    )
    explanation.steps = list(_steps(members, [step for _, step in story.rewrite], plan, scope["type"] == "websocket"))
    paying = {step.plugin for step in explanation.steps} | set(explanation.on_error)
    for member in members:
        rows = _changed(settings_on(member, chain)) if member.name in paying else []
        if rows:
            explanation.settings[member.name] = rows
    return explanation


def settings_on(member: Member, chain: Sequence[BaseRoute]) -> Loaded[Any]:
    """A plugin's settings on a route: the board's, and what ``chain`` lays over them, outermost first."""
    current = member.settings
    cls = getattr(member.plugin, "RouteSettings", None) or type(current.unwrap())
    for outer in chain:
        given = outer.plugins.get(member.name)
        if given is not None and not isinstance(given, bool):
            current = overlay(cls, current, given, section=member.name, where=outer.label)
    return current


def _changed(settings: Loaded[Any]) -> list[SettingRow]:
    return [SettingRow(row.key, row.value, str(row.origin)) for row in settings.rows() if row.origin.kind != "default"]


def _around_all(frozen: Frozen) -> list[str]:
    """What wraps the whole board."""
    count = len(frozen.board.middleware)
    wrappers = [f"hook asgi of {member.name}" for member, _ in frozen.assembly.impls("asgi")]
    return [*wrappers, f"{count} middleware of the board"] if count else wrappers


def _middleware(chain: Sequence[BaseRoute]) -> list[str]:
    return [
        f"middleware {endpoint_text(getattr(factory, 'cls', factory))} of {outer.label}"
        for outer in chain
        for factory in outer.middleware
    ]


def _steps(members: Sequence[Member], rewrites: Sequence[Step], plan: Plan, is_socket: bool) -> Iterator[StepRow]:
    """The steps of an ordinary answer, in order; how deep each plugin stands is its place among those that are on."""
    steps = {hook: plan.pipeline.steps(hook) for hook in ROUTE_HOOKS}
    steps["rewrite"] = tuple(rewrites)
    before = ["rewrite", "websocket"] if is_socket else ["rewrite", "request"]
    behind = ["websocket_complete"] if is_socket else ["response", "body", "complete"]
    using = {step.plugin for hook in (*before, *behind) for step in steps.get(hook, ())}
    depths = {member.name: depth for depth, member in enumerate(each for each in members if each.name in using)}
    places = {member.name: member.place.reason for member in members}

    def rows(hooks: Sequence[str]) -> Iterator[StepRow]:
        for hook in hooks:
            for index, step in enumerate(steps.get(hook, ())):
                kind = "async" if step.is_async else "sync"
                place = places[step.plugin] if hook in OUTSIDE_IN else ""
                yield StepRow(hook, step.plugin, kind, place, DIRECTIONS[hook], depths[step.plugin], index)

    yield from rows(before)
    kind = kind_of_endpoint(plan.route)
    yield StepRow("endpoint", plan.route.name or endpoint_text(plan.route.endpoint), kind, "", "endpoint", len(depths))
    yield from rows(behind)

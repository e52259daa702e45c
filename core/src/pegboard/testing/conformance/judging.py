"""What has to hold on every exit path, whatever a plugin is for. Pure: trails in, problems out.

Each rule looks at two trails of the same path, one with the plugin and one without, and gives what is wrong in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pegboard.exceptions import HTTPException, WebSocketException
from pegboard.requests import ClientDisconnect
from pegboard.testing.conformance.walking import Trail
from pegboard.types import Message
from pegboard.websockets import WebSocketDisconnect

__all__ = ["judge"]

Rule = Callable[[str, Trail, Trail], Iterator[str]]

ORDERLY = (HTTPException, WebSocketException, ClientDisconnect, WebSocketDisconnect)
"""What a hook may raise: refusals, and that the client has left."""


def judge(plugin: str, trail: Trail, plain: Trail) -> list[str]:
    """Everything that is wrong with a trail of ``plugin``, compared with the ``plain`` one."""
    if trail.problem:
        return [trail.problem]
    return [problem for rule in RULES for problem in rule(plugin, trail, plain)]


def keeps_asgi(plugin: str, trail: Trail, plain: Trail) -> Iterator[str]:
    """ASGI 3, to the letter."""
    for violation in trail.violations:
        yield f"ASGI: {violation}"


def ends_once(plugin: str, trail: Trail, plain: Trail) -> Iterator[str]:
    """Other plugins are told the end exactly once, and it is the true one."""
    if len(trail.outcomes) != len(plain.outcomes):
        yield f"other plugins were told {len(trail.outcomes)} ends, expected {len(plain.outcomes)}"
    elif trail.path.incoming is None and trail.outcome is not None:
        is_sent = trail.outcome.kind == "sent"
        if is_sent is not trail.conversation.is_complete:
            seen = "complete" if trail.conversation.is_complete else "incomplete"
            yield f"the outcome is {trail.outcome.kind!r}, and the response is {seen}"


def hooks_hold(plugin: str, trail: Trail, plain: Trail) -> Iterator[str]:
    """Hooks raise refusals and nothing else; filters and hooks at the end raise nothing."""
    for call in trail.calls:
        error = call.error
        if call.plugin == plugin and isinstance(error, Exception) and not isinstance(error, ORDERLY):
            yield f"hook {call.hook!r} raised {type(error).__name__}: {error}"
    for record in trail.logged[len(plain.logged) :]:
        error = record.exc_info[1] if record.exc_info else None
        yield f"the board reports: {record.getMessage()}" + (f": {type(error).__name__}: {error}" if error else "")


def leaves_endings_alone(plugin: str, trail: Trail, plain: Trail) -> Iterator[str]:
    """What the application raises reaches the server, and a cancellation stops it, unless the plugin answered."""
    if trail.is_answered_by(plugin) or _got_less_sent(trail, plain):
        return
    if trail.conversation.cancelled is not plain.conversation.cancelled:
        yield "the cancellation was swallowed" if plain.conversation.cancelled else "the request was cancelled"
    if type(trail.conversation.raised) is not type(plain.conversation.raised):
        yield f"the server is left with {trail.conversation.raised!r}, without the plugin {plain.conversation.raised!r}"
    if trail.outcome is not None and plain.outcome is not None and trail.outcome.kind != plain.outcome.kind:
        yield f"the outcome is {trail.outcome.kind!r}, without the plugin {plain.outcome.kind!r}"


def leaves_bodies_alone(plugin: str, trail: Trail, plain: Trail) -> Iterator[str]:
    """Bytes and their pieces go through as they are, unless the plugin has a `body` hook here or has answered."""
    if trail.is_answered_by(plugin) or _filters(plugin, trail) or _got_less_sent(trail, plain):
        return
    sent, expected = _pieces(trail), _pieces(plain)
    if sent != expected:
        yield (
            f"the content went out as {_shown(sent)}, without the plugin as {_shown(expected)}; "
            "what changes content gives a filter in the hook 'body'"
        )
    changed = trail.conversation.status != plain.conversation.status
    if changed and not any(call.plugin == plugin and call.hook in ("response", "error") for call in trail.calls):
        yield f"the status is {trail.conversation.status}, without the plugin {plain.conversation.status}"


RULES: tuple[Rule, ...] = (keeps_asgi, ends_once, hooks_hold, leaves_endings_alone, leaves_bodies_alone)


def _filters(plugin: str, trail: Trail) -> bool:
    """Whether the plugin has a `body` hook here, which may change a whole body in place or give a filter."""
    return any(call.plugin == plugin and call.hook == "body" for call in trail.calls)


def _got_less_sent(trail: Trail, plain: Trail) -> bool:
    """Whether a fault struck elsewhere, because a filter or an answer of the plugin makes other messages."""
    faults = trail.path.faults
    struck = (faults.leave_after, faults.fail_send, faults.cancel_at)
    return any(struck) and len(trail.conversation.messages) != len(plain.conversation.messages)


def _pieces(trail: Trail) -> list[object]:
    return [_piece(message) for message in trail.conversation.messages if not message["type"].endswith(".start")]


def _piece(message: Message) -> object:
    """A message without what plugins may add: headers of a WebSocket's acceptance."""
    is_accept = message["type"] == "websocket.accept"
    return {
        key: value
        for key, value in message.items()
        if not (key == "headers" and is_accept) and not (key == "more_body" and not value)
    }


def _shown(pieces: list[object]) -> str:
    text = repr(pieces)
    return text if len(text) <= 200 else text[:197] + "..."

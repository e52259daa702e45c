"""Silver: a foreign application behind the plugin is asked, and heard, as if the plugin were not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pegboard.routing import Mount
from pegboard.testing.boards import make_board
from pegboard.testing.conformance.checks import Check, Nonconformity
from pegboard.testing.conformance.company import Witness
from pegboard.testing.conformance.paths import ExitPath
from pegboard.testing.conformance.subjects import Subject
from pegboard.testing.conformance.walking import headers_for, run, serving, speak
from pegboard.testing.conversations import Conversation
from pegboard.testing.strict import StrictASGI
from pegboard.types import Message, Receive, Scope, Send

__all__ = ["TRANSPARENCY"]

KEYS = ("type", "method", "scheme", "path", "raw_path", "root_path", "query_string", "headers", "client", "server")
"""What of a scope describes the request; the rest belongs to the board."""

FOREIGN_HEADERS = [(b"x-foreign", b"1"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"content-type", b"text/x")]

PATH = ExitPath(
    "foreign", "/foreign/a%20b?q=%C3%A9&q=2", "POST", (b"he", b"llo"), extensions=("http.response.trailers",)
)


class Foreign:
    """An application that keeps what it was asked."""

    def __init__(self) -> None:
        self.scope: Mapping[str, Any] = {}
        self.received: list[Message] = []
        self.extensions: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read everything, answer in two pieces."""
        self.scope = {key: scope.get(key) for key in KEYS}
        self.extensions = dict(scope.get("extensions") or {})
        more = True
        while more:
            message = await receive()
            self.received.append(dict(message))
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 203, "headers": list(FOREIGN_HEADERS)})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})


def is_transparent(subject: Subject) -> None:
    """Scope, messages and headers pass. A plugin with a `rewrite` hook may change the scope, which is its purpose."""
    problems = run(_problems, subject)
    if problems:
        raise Nonconformity("a mounted application is not served as without the plugin:\n- " + "\n- ".join(problems))


async def _problems(subject: Subject) -> list[str]:
    foreign, plain = Foreign(), Foreign()
    witness = Witness()
    board = subject.board(witness, routes=[Mount("/foreign", app=StrictASGI(foreign))])
    heard = await _ask(board, subject)
    await _ask(make_board(routes=[Mount("/foreign", app=StrictASGI(plain))]), subject)
    if witness.outcomes and witness.outcomes[0].answered_by == subject.name:
        return []
    problems = [f"ASGI: {violation}" for violation in board.violations]
    if not subject.member().impl.hooks.get("rewrite"):
        problems += [
            f"scope[{key!r}] is {foreign.scope.get(key)!r}, without the plugin {plain.scope.get(key)!r}"
            for key in KEYS
            if foreign.scope.get(key) != plain.scope.get(key)
        ]
    if foreign.extensions != plain.extensions:
        problems.append(f"the extensions are {foreign.extensions!r}, without the plugin {plain.extensions!r}")
    if foreign.received != plain.received:
        problems.append(f"it received {foreign.received!r}, without the plugin {plain.received!r}")
    lost = [pair for pair in FOREIGN_HEADERS if heard.headers.count(pair) != 1]
    if lost:
        problems.append(f"of its headers {lost!r} were lost, changed or doubled; the answer has {heard.headers!r}")
    return problems


async def _ask(board: Any, subject: Subject) -> Conversation:
    async with serving(board) as state:
        return await speak(board, PATH, headers_for(subject), state)


TRANSPARENCY = (Check("silver", "foreign apps", "foreign-apps-are-transparent", is_transparent),)

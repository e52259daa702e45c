"""The errors Pegboard raises, as one tree read from top to bottom.

    Exception
    ├── HTTPException          an answer: status, detail and headers for the client
    ├── WebSocketException     a close: code and reason for the client
    ├── ClientDisconnect       an OSError: the client has left
    ├── ConfigurationError     the board refuses to start: everything found wrong, together
    ├── HookError              a plugin broke the hook contract while a request ran
    └── FrozenError            the board no longer takes what was offered

What goes to a client is in the first two only; the others are for whoever runs or writes the service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pegboard.status import phrase

__all__ = ["ClientDisconnect", "ConfigurationError", "FrozenError", "HTTPException", "HookError", "WebSocketException"]


class HTTPException(Exception):
    """Raise it to answer with ``status_code``; the text of ``detail`` is sent to the client.

    ``detail`` defaults to the status's phrase (RFC 9110 section 15). ``headers`` are added to the answer.
    """

    def __init__(self, status_code: int, detail: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        if detail is None:
            detail = phrase(status_code)
        super().__init__(status_code, detail)
        self.status_code = status_code
        self.detail = detail
        self.headers = headers

    def __str__(self) -> str:
        return f"{self.status_code}: {self.detail}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(status_code={self.status_code!r}, detail={self.detail!r})"


class WebSocketException(Exception):
    """Raise it to close a WebSocket with ``code`` (RFC 6455 section 7.4) and ``reason`` (at most 123 bytes)."""

    def __init__(self, code: int, reason: str | None = None) -> None:
        super().__init__(code, reason or "")
        self.code = code
        self.reason = reason or ""

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(code={self.code!r}, reason={self.reason!r})"


class ClientDisconnect(OSError):
    """The client has left: its body will not arrive, or nothing more can be sent to it."""


class ConfigurationError(Exception):
    """The board cannot start. ``problems`` holds one readable text for each thing found wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(*problems)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        count = len(self.problems)
        title = "Pegboard cannot start: 1 problem" if count == 1 else f"Pegboard cannot start: {count} problems"
        return "\n".join([title, *(f"  - {_indented(problem)}" for problem in self.problems)])


class HookError(Exception):
    """A hook returned what its contract does not allow. The text names plugin, hook, expected and got."""


class FrozenError(RuntimeError):
    """Something was added to a board after its plugins, order and settings became fixed."""


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")

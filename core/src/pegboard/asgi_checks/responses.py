"""Checking an HTTP response: one start, then the body, then trailers where they were announced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from pegboard.asgi_checks.base import PLACES, Checker, Steps
from pegboard.asgi_checks.fields import check_flag, check_headers, check_path, check_value, described, fail
from pegboard.types import Message, RawHeaders, Scope

__all__ = ["HTTPChecker"]


class HTTPChecker(Checker):
    """Checks a response.

    ``status`` and ``headers`` are those of the start, ``size`` is how many bytes of body were sent.
    """

    response: ClassVar[str] = "http.response"
    final: ClassVar[frozenset[str]] = frozenset(("complete",))

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.status = 0
        self.headers: RawHeaders = []
        self.size = 0
        self._length: int | None = None
        self._trailers_follow = False

    def returned(self) -> None:
        """Check that the response is complete. Raises ASGIViolation."""
        if self.state not in self.final:
            first = next(iter(self.steps[self.state]))
            fail(f"the application returned {PLACES[self.state]}", f"{first!r} before it returns", "nothing more")

    def _start(self, message: Message) -> str:
        what = repr(f"{self.response}.start")
        status = message.get("status")
        if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 999:
            fail(f"'status' of {what}", "an int of three digits", described(status))
        self.status = int(status)
        self.headers = check_headers(what, message.get("headers", ()))
        self._trailers_follow = check_flag(what, message, "trailers")
        if self._trailers_follow and "http.response.trailers" not in self.offered:
            expected = "the extension 'http.response.trailers' in scope['extensions'] first"
            fail(f"'trailers' of {what}", expected, sorted(self.offered))
        declared = self._declared_length(what)
        # The length of a body that is not sent, and of files that are not seen here, cannot be checked.
        self._length = None if self.status == 304 or self.scope.get("method") == "HEAD" else declared
        return "started"

    def _declared_length(self, what: str) -> int | None:
        lengths = [value for name, value in self.headers if name == b"content-length"]
        if not lengths:
            return None
        if len(set(lengths)) > 1 or not lengths[0].isdigit():
            fail(f"content-length of {what}", "one number in ASCII digits (RFC 9110 section 8.6)", lengths)
        if any(name == b"transfer-encoding" for name, _ in self.headers):
            fail(f"headers of {what}", "content-length or transfer-encoding (RFC 9112 section 6.2)", "both")
        if self.status < 200 or self.status == 204:
            fail(f"headers of {what} with status {self.status}", "no content-length (RFC 9110 section 8.6)", lengths)
        return int(lengths[0])

    def _body(self, message: Message) -> str:
        what = repr(f"{self.response}.body")
        body = message.get("body", b"")
        if not isinstance(body, bytes):
            fail(f"'body' of {what}", "bytes", described(body))
        return self._advance(what, len(body), check_flag(what, message, "more_body"))

    def _advance(self, what: str, size: int, more: bool) -> str:
        """Count ``size`` more bytes of body; gives the next state."""
        total = self.size + size
        if size and (self.status < 200 or self.status in (204, 304)):
            fail(f"{what} after status {self.status}", "no bytes in the body (RFC 9110 section 6.4.1)", total)
        if self._length is not None and (total > self._length or (total < self._length and not more)):
            fail(f"{'' if more else 'the last '}{what}", f"{self._length} bytes in all, as content-length says", total)
        self.size = total
        if more:
            return "body"
        return "trailers" if self._trailers_follow else "complete"

    def _path(self, message: Message) -> str:
        check_path("'http.response.pathsend'", message)
        self._length = None
        return self._advance("'http.response.pathsend'", 0, False)

    def _zero_copy(self, message: Message) -> str:
        what = "'http.response.zerocopysend'"
        file, count = message.get("file"), message.get("count")
        if type(file) is not int and not hasattr(file, "fileno"):
            fail(f"'file' of {what}", "a file descriptor", described(file))
        for key in ("offset", "count"):
            number = message.get(key)
            if number is not None and (type(number) is not int or number < 0):
                fail(f"{key!r} of {what}", "an int of at least 0, or None", described(number))
        if count is None:
            self._length = None
        return self._advance(what, count or 0, check_flag(what, message, "more_body"))

    def _trailers(self, message: Message) -> str:
        what = "'http.response.trailers'"
        check_headers(what, message.get("headers", ()))
        return "trailers" if check_flag(what, message, "more_trailers") else "complete"

    def _hint(self, message: Message) -> str:
        links = message.get("links")
        if isinstance(links, bytes | str | Iterator) or not isinstance(links, Iterable):
            fail("'links' of 'http.response.early_hint'", "a list of bytes", described(links))
        for link in links:
            check_value("a link of 'http.response.early_hint'", link)
        return self.state

    def _push(self, message: Message) -> str:
        check_path("'http.response.push'", message)
        check_headers("'http.response.push'", message.get("headers", ()))
        return self.state

    def _debug(self, message: Message) -> str:
        if not isinstance(message.get("info"), Mapping):
            fail("'info' of 'http.response.debug'", "a dict", described(message.get("info")))
        return self.state

    extensions: ClassVar[Mapping[str, str]] = {
        name: name
        for name in (
            "http.response.debug",
            "http.response.early_hint",
            "http.response.pathsend",
            "http.response.push",
            "http.response.trailers",
            "http.response.zerocopysend",
        )
    }
    steps: ClassVar[Steps] = {
        "new": {"http.response.start": _start, "http.response.early_hint": _hint, "http.response.debug": _debug},
        "started": {
            "http.response.body": _body,
            "http.response.early_hint": _hint,
            "http.response.pathsend": _path,
            "http.response.push": _push,
            "http.response.zerocopysend": _zero_copy,
        },
        "body": {
            "http.response.body": _body,
            "http.response.early_hint": _hint,
            "http.response.push": _push,
            "http.response.zerocopysend": _zero_copy,
        },
        "trailers": {"http.response.trailers": _trailers},
        "complete": {},
    }

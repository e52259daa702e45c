"""The policy of one set of settings: what a browser is told, decided on bytes, without a request and without I/O.

Everything that can be is prepared once: an exact origin is one look-up in a dict that gives the very headers to add.

Rules that must not move:

- What is not allowed gets no CORS header at all, only Vary. The reason goes to the owner, never to the client.
- ``null`` is allowed only by its name or ``*``. An http origin that is not loopback gets credentials only by the flag.
- No text of a client is sent back but an origin that was found allowed and tokens that were asked for, within bounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from pegboard.raw_headers import merge_vary
from pegboard_cors.origins import LONGEST, Origin, is_loopback, split_origin
from pegboard_cors.patterns import Patterns, is_pattern, read_pattern
from pegboard_cors.rejections import Reason
from pegboard_cors.requested import RequestedError, is_token, requested_names
from pegboard_cors.settings import CORSSettings

__all__ = ["VARY", "Denied", "Header", "Headers", "Policy", "varying"]

Header = tuple[bytes, bytes]
Headers = tuple[Header, ...]
VARY: Header = (b"vary", b"Origin")

_PREFLIGHT_VARY = b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
_PRIVATE_PREFLIGHT_VARY = _PREFLIGHT_VARY + b", Access-Control-Request-Private-Network"

_REMEMBERED = 1024


class Denied(NamedTuple):
    """Why a preflight is denied, and which method or header name it asked for in vain."""

    reason: Reason
    detail: bytes = b""


class Policy:
    """One policy, ready to be asked.

    - ``any_origin``: whether ``*`` is allowed; then ``for_any`` is added to every response.
    - ``exact``: by allowed origin, the headers to add to its actual responses, Vary last.
    """

    __slots__ = (
        "_credentials",
        "_exposed",
        "_headers",
        "_judged",
        "_methods",
        "_patterns",
        "_refuses_insecure",
        "_regex",
        "any_origin",
        "exact",
        "for_any",
        "settings",
    )

    def __init__(self, settings: CORSSettings) -> None:
        self.settings = settings
        self._credentials: Headers = (
            ((b"access-control-allow-credentials", b"true"),) if settings.allow_credentials else ()
        )
        exposed = _joined(settings.expose_headers)
        self._exposed: Headers = ((b"access-control-expose-headers", exposed),) if exposed else ()
        tolerates = settings.dangerously_allow_credentials_over_insecure_http
        self._refuses_insecure = settings.allow_credentials and not tolerates
        self._methods = frozenset(method.encode() for method in settings.allow_methods)
        self._headers = frozenset(name.lower().encode() for name in settings.allow_headers)
        patterns = [text for text in settings.allow_origins if is_pattern(text)]
        self._patterns = Patterns.make(map(read_pattern, patterns))
        self._regex = None if settings.allow_origin_regex is None else re.compile(settings.allow_origin_regex)
        self.any_origin = settings.allows_any
        self.for_any = (_allow(b"*"), *self._exposed)
        exact = (text.encode() for text in settings.allow_origins if not is_pattern(text) and text != "*")
        self.exact = {origin: self.actual(origin) for origin in exact}
        self._judged = lru_cache(_REMEMBERED)(self._judge)

    def actual(self, origin: bytes, vary: Header = VARY) -> Headers:
        """The headers of an actual response to an allowed origin."""
        return (_allow(origin), *self._credentials, *self._exposed, vary)

    def judge(self, origin: bytes) -> Reason | None:
        """Why an origin is not allowed by name, pattern or expression; None when it is."""
        if self.any_origin or origin in self.exact:
            return None
        if len(origin) > LONGEST:
            return Reason.ORIGIN_FORM
        return self._judged(origin)

    def _judge(self, origin: bytes) -> Reason | None:
        if origin == b"null":
            return Reason.ORIGIN
        parts = split_origin(origin)
        if parts is None:
            return Reason.ORIGIN_FORM
        if self._patterns.match(parts):
            return None
        if self._refuses_insecure and _is_insecure(parts):
            return Reason.ORIGIN_INSECURE
        if self._regex is not None and self._regex.fullmatch(origin.decode("ascii")):
            return None
        return Reason.ORIGIN

    def preflight(
        self, origin: bytes, method: bytes, asked: Sequence[bytes], private: bool, vary: Sequence[bytes] = ()
    ) -> Headers | Denied:
        """The headers that allow a preflight of an allowed origin, or why what it asks for is denied.

        ``asked`` are the lines of Access-Control-Request-Headers; ``vary`` names more that the origin's verdict
        depends on.
        """
        if private and not self.settings.allow_private_network:
            return Denied(Reason.PRIVATE_NETWORK)
        methods = self._allowed_methods(method)
        if methods is None:
            return Denied(Reason.METHOD, method)
        try:
            names = requested_names(asked)
        except RequestedError:
            return Denied(Reason.HEADERS_FORM, asked[0])
        refused = self._refused(names)
        if refused is not None:
            return Denied(Reason.HEADER, refused)
        return (
            _allow(b"*" if self.any_origin else origin),
            *self._credentials,
            (b"access-control-allow-methods", methods),
            *(((b"access-control-allow-headers", self._allowed_headers(names)),) if names else ()),
            *(((b"access-control-allow-private-network", b"true"),) if private else ()),
            (b"access-control-max-age", b"%d" % self.settings.max_age),
            self.preflight_vary(private, vary),
        )

    def preflight_vary(self, private: bool, more: Sequence[bytes] = ()) -> Header:
        """What an answer to a preflight varies on."""
        is_private = private or self.settings.allow_private_network
        return varying(_PRIVATE_PREFLIGHT_VARY if is_private else _PREFLIGHT_VARY, more)

    def _allowed_methods(self, method: bytes) -> bytes | None:
        """The methods to name, all at once so that one preflight serves for each; None when this one is not allowed."""
        if method in self._methods:
            return _joined(self.settings.allow_methods)
        if b"*" not in self._methods or not is_token(method):
            return None
        return method if self._credentials else b"*"

    def _refused(self, names: Iterable[bytes]) -> bytes | None:
        """The first name that is not allowed. ``*`` never stands for Authorization (Fetch, CORS-preflight fetch)."""
        any_name = b"*" in self._headers
        for name in names:
            if name not in self._headers and (not any_name or name == b"authorization"):
                return name
        return None

    def _allowed_headers(self, names: Sequence[bytes]) -> bytes:
        if b"*" in self._headers and self._credentials:
            return b", ".join(names)
        return _joined(self.settings.allow_headers)


def varying(on: bytes, more: Iterable[bytes]) -> Header:
    """Vary with the names that it has ``on`` its list and ``more`` of them, none twice."""
    raw = [(VARY[0], on)]
    for name in more:
        merge_vary(raw, name)
    return raw[0]


def _allow(origin: bytes) -> Header:
    return b"access-control-allow-origin", origin


def _joined(names: Iterable[str]) -> bytes:
    return ", ".join(names).encode("ascii")


def _is_insecure(origin: Origin) -> bool:
    return origin.scheme == "http" and not is_loopback(origin.host)

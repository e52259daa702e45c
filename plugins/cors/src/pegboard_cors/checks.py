"""What can be wrong with the settings, all of it found together, each problem with what to write instead.

Names that browsers never send or never show are refused too: they would be a setting without effect.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pegboard.concurrency import is_async
from pegboard.regex_safety import RegexError, inspect_regex
from pegboard_cors.origins import Origin, OriginError, is_loopback, read_origin
from pegboard_cors.patterns import is_pattern, read_pattern
from pegboard_cors.requested import is_token

if TYPE_CHECKING:
    from pegboard_cors.settings import CORSSettings

__all__ = ["problems_of"]

Problems = Iterator[tuple[str, str]]

_INSECURE_FLAG = "dangerously_allow_credentials_over_insecure_http"
_MAX_GROWTH = 2
"""Of a regular expression's time: an origin has at most 300 characters, so the square of them is a matter of 1 ms."""

_STRANGER = "https://a-stranger.invalid"
"""An origin that nobody can have (RFC 6761 section 6.4): what allows it allows everybody."""


def problems_of(settings: CORSSettings) -> Problems:
    """Yield ``(key, message)`` for everything wrong."""
    for check in _CHECKS:
        yield from check(settings)


def _origins(settings: CORSSettings) -> Problems:
    for index, text in enumerate(settings.allow_origins):
        key = f"allow_origins[{index}]"
        if text == "*":
            continue
        if text == "null":
            if settings.allow_credentials:
                yield key, "'null' is every sandboxed page's origin and never goes with allow_credentials; remove it"
            continue
        try:
            origin = read_pattern(text).origin if is_pattern(text) else read_origin(text)
        except OriginError as error:
            yield key, str(error)
        else:
            yield from _insecure(settings, key, text, origin)


def _insecure(settings: CORSSettings, key: str, text: str, origin: Origin) -> Problems:
    tolerated = getattr(settings, _INSECURE_FLAG)
    if settings.allow_credentials and origin.scheme == "http" and not is_loopback(origin.host) and not tolerated:
        danger = f"{text!a} is insecure: anybody on the network can pose as it and use its visitors' credentials"
        secure = "https://" + text.removeprefix("http://")
        yield key, f"{danger}; write {secure!a}, or set {_INSECURE_FLAG}"


def _star(settings: CORSSettings) -> Problems:
    if not settings.allows_any:
        return
    key = "allow_origins"
    if settings.allow_credentials:
        yield key, "'*' never goes with allow_credentials; list the origins that may use credentials"
    if len(settings.allow_origins) > 1 or settings.allow_origin_regex is not None or settings.allow_origin is not None:
        yield key, "'*' allows every origin, so the others mean nothing; keep either '*' or the others"


def _regex(settings: CORSSettings) -> Problems:
    key, source = "allow_origin_regex", settings.allow_origin_regex
    if source is None:
        return
    if not source.isascii():
        yield key, f"{source!a} is not ASCII, and origins are: browsers send international names as 'xn--...'"
        return
    try:
        facts = inspect_regex(source)
        found = re.compile(source)
    except (RegexError, re.error) as error:
        yield key, f"{source!a}: {error}"
        return
    if facts.growth > _MAX_GROWTH:
        time = f"can take time in the order of n**{facts.growth}, expected at most n**{_MAX_GROWTH}"
        yield key, f"{source!a} {time}; let its repetitions not match the same characters"
    elif settings.allow_credentials and found.fullmatch(_STRANGER):
        yield key, f"{source!a} matches any origin, which never goes with allow_credentials; name the hosts"


def _methods(settings: CORSSettings) -> Problems:
    for index, method in enumerate(settings.allow_methods):
        key = f"allow_methods[{index}]"
        if not _is_token(method):
            yield key, f"{method!a} is no method: expected letters, such as 'PUT'"
        elif method.upper() in _FORBIDDEN_METHODS:
            yield key, f"{method!a} is a method that pages cannot use (Fetch, forbidden method); remove it"
        elif method != method.upper() and method.upper() in _NORMALISED_METHODS:
            yield key, f"methods are case-sensitive, and browsers send {method.upper()!a}; write that for {method!a}"
    yield from _lone_star(settings.allow_methods, "allow_methods", ())


def _headers(settings: CORSSettings) -> Problems:
    for index, name in enumerate(settings.allow_headers):
        key, lowered = f"allow_headers[{index}]", name.lower()
        if not _is_token(name):
            yield key, f"{name!a} is no header name: expected letters, digits and hyphens, such as 'X-Token'"
        elif lowered in _FORBIDDEN_HEADERS or lowered.startswith(_FORBIDDEN_PREFIXES):
            yield key, f"{name!a} is a header that pages cannot set (Fetch, forbidden request-header); remove it"
        elif lowered.startswith("access-control-"):
            yield key, f"{name!a} is a header of the CORS protocol itself; list only headers that pages set"
    yield from _lone_star(settings.allow_headers, "allow_headers", ("authorization",))


def _exposed(settings: CORSSettings) -> Problems:
    for index, name in enumerate(settings.expose_headers):
        key = f"expose_headers[{index}]"
        if not _is_token(name):
            yield key, f"{name!a} is no header name: expected letters, digits and hyphens, such as 'X-Total'"
        elif name.lower() in ("set-cookie", "set-cookie2"):
            yield key, f"{name!a} is never shown to pages (Fetch, forbidden response-header name); remove it"
        elif name == "*" and settings.allow_credentials:
            yield key, "'*' means a header of that name when credentials are used; list the names"
    yield from _lone_star(settings.expose_headers, "expose_headers", ())


def _lone_star(given: Iterable[str], key: str, beside: tuple[str, ...]) -> Problems:
    names = [name.lower() for name in given]
    needless = [name for name in names if name != "*" and name not in beside]
    if "*" in names and needless:
        yield key, f"'*' covers {', '.join(map(ascii, needless))} as well; keep either '*' or the names"


def _is_token(text: str) -> bool:
    return text.isascii() and is_token(text.encode())


def _callables(settings: CORSSettings) -> Problems:
    for key, arguments in (("allow_origin", "(origin, connection)"), ("on_reject", "(connection, rejection)")):
        function = getattr(settings, key)
        if function is not None and not _takes_two(function):
            yield key, f"expected a function that can be called as {key}{arguments}; give it these two arguments"
    if settings.on_reject is not None and is_async(settings.on_reject):
        yield "on_reject", "expected a plain function, got an async one; let it hand what it is told to a queue or task"


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return False
    except ValueError:
        # Some functions that are written in C have no signature.
        return True
    return True


_CHECKS = (_origins, _star, _regex, _methods, _headers, _exposed, _callables)

_FORBIDDEN_METHODS = frozenset({"CONNECT", "TRACE", "TRACK"})
_NORMALISED_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})
_FORBIDDEN_PREFIXES = ("proxy-", "sec-")
_FORBIDDEN_HEADERS = frozenset(
    {
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "access-control-request-private-network",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    }
)

"""Where browsers are sent to log in, and back: pure functions of a request and of paths.

Rules that must not move:

- A person who navigates is sent to the login page; a program gets the 401. Who it is, the request says: by its method,
  by ``Sec-Fetch-Mode`` where there is one, and by preferring HTML in ``Accept``.
- A redirect never leaves this host. Where to come back to travels through the browser, and whoever reads it there
  checks it as if it were an attacker's, which it may be.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from pegboard.requests import HTTPConnection

__all__ = ["is_local", "login_target", "prefers_html", "safe_next"]

# Behind the first slash neither a second one, nor a backslash, however it is written.
_LOCAL: Final = re.compile(r"/(?!/|\\|%2f|%5c)[\x21-\x5b\x5d-\x7e]*", re.IGNORECASE)
_QUALITY: Final = re.compile(rb"[ \t]*q[ \t]*=[ \t]*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*")

MAX_RANGES: Final = 64
"""How many media ranges of an Accept header are looked at."""


def is_local(target: str) -> bool:
    """Whether a redirect to ``target`` stays on this host: a path of visible ASCII that begins with exactly one slash.

    Browsers read a backslash as a slash and drop control characters (WHATWG URL, section 4.4), so neither may occur.
    """
    return _LOCAL.fullmatch(target) is not None


def safe_next(target: str | None, default: str = "/") -> str:
    """``target`` when a redirect there stays on this host, else ``default``; for what a login page got as ``next``."""
    return target if target is not None and is_local(target) else default


def login_target(connection: HTTPConnection, login_path: str) -> str | None:
    """Where to send a person who navigates without credentials, or None for anybody else."""
    scope = connection.scope
    path: str = scope["path"]
    # A login page that itself asks for a known caller would send its visitors round in circles.
    if not _navigates(connection) or path == login_path.partition("?")[0]:
        return None
    here = quote(path, safe="/:@!$&'()*+,;=~-._")
    query = scope.get("query_string", b"")
    if query:
        here = f"{here}?{quote(query, safe='/:@!$&()*+,;=~-._?%')}"
    if not is_local(here):
        return login_path
    return f"{login_path}{'&' if '?' in login_path else '?'}next={quote(here, safe='/')}"


def prefers_html(accept: bytes) -> bool:
    """Whether an Accept header names HTML, and names it before JSON (RFC 9110 section 12.5.1)."""
    html = json = 0.0
    for item in accept.lower().split(b",", MAX_RANGES)[:MAX_RANGES]:
        name, *parameters = item.split(b";")
        name = name.strip(b" \t")
        if name in (b"text/html", b"application/xhtml+xml"):
            html = max(html, _quality(parameters))
        elif name.endswith((b"/json", b"+json")):
            json = max(json, _quality(parameters))
    return html > json


def _navigates(connection: HTTPConnection) -> bool:
    scope = connection.scope
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return False
    mode = connection.header(b"sec-fetch-mode")
    return (mode is None or mode == b"navigate") and prefers_html(connection.header(b"accept") or b"")


def _quality(parameters: list[bytes]) -> float:
    """The weight among a media range's parameters; 1 without one, 0 for one that is none."""
    for parameter in parameters:
        if parameter.lstrip(b" \t").startswith(b"q"):
            found = _QUALITY.fullmatch(parameter)
            return float(found[1]) if found is not None else 0.0
    return 1.0

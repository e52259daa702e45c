"""Which host names a request is for, and which patterns a host may be given.

A pattern is matched against the name in the Host header (RFC 9110 section 7.2), in lower case and without its port.
What is no host and port, or longer than a host's name can be, matches nothing, so it names none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from pegboard.convertors import DECLINED, PURE
from pegboard.raw_headers import find
from pegboard.routing.scanning import Param, TemplateError
from pegboard.types import Scope
from pegboard.urls import valid_host

if TYPE_CHECKING:
    from pegboard.routing.routes import Host
    from pegboard.routing.templates import Template

__all__ = ["check_host", "host_matcher", "host_name", "match_host"]

_LONGEST: Final = 255 + len(":65535")
"""The longest value in bytes that can be a host's name (RFC 1035 section 2.3.4) and its port."""

_PORT: Final = re.compile(r":[0-9]*$")
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._~-]")

_HINTS: Final = {
    "/": "A host has neither scheme nor path: write 'api.example.org', and Mount for paths.",
    ":": "Leave the scheme and the port out: a host is matched whatever its port.",
    "[": "An IPv6 address stands in brackets, with nothing behind them: '[::1]'.",
    "*": "Write a parameter in its place: '{name}.example.org'.",
}


def check_host(text: str, parts: Sequence[str | Param]) -> None:
    """Refuse a host pattern that no host name can match. Raises TemplateError."""
    if not text:
        raise TemplateError("no host", text, 0, "Name one, or write '{host}' for any.", "host")
    if text.startswith("[") and (valid_host(text.encode("utf-8")) or "").endswith("]"):
        return
    for part in (part for part in parts if isinstance(part, str)):
        unfit = _UNFIT.search(part)
        if unfit is not None:
            char = unfit.group()
            position = text.lower().find(part) + unfit.start()
            hint = _HINTS.get("/" if "/" in text else char, "Write it in ASCII, as it stands in a Host header.")
            raise TemplateError(f"{char!r} is in no host name", text, position, hint, "host")


def host_name(scope: Scope) -> str:
    """The host that was asked for, in lower case and without its port; empty when there is none or it is malformed."""
    value = find(scope["headers"], b"host")
    name = (valid_host(value) if value is not None and len(value) <= _LONGEST else None) or ""
    return (name if name.endswith("]") else _PORT.sub("", name)).lower()


def match_host(template: Template, name: str) -> dict[str, Any] | None:
    """The parameters that a host template finds in a name; None when it does not match, or a convertor declines."""
    found = template.texts(name)
    if found is None:
        return None
    try:
        return {key: template.params[key].convert(text) for key, text in found.items()}
    except DECLINED:
        return None


_KNOWN_NAMES: Final = 1024
"""The number of host names for which it is remembered which hosts they match."""


def host_matcher(hosts: Sequence[tuple[Host, bool]]) -> Callable[[str], Mapping[Host, dict[str, Any]]]:
    """What matches names with these hosts. Nothing is remembered where a convertor may make something new each time."""
    match = partial(_match_hosts, hosts)
    is_pure = all(type(convertor) in PURE for host, _ in hosts for convertor in host.host_template.params.values())
    return lru_cache(_KNOWN_NAMES)(match) if is_pure else match


def _match_hosts(hosts: Sequence[tuple[Host, bool]], name: str) -> Mapping[Host, dict[str, Any]]:
    """The hosts that match a name, with their parameters, up to the first that stands in no other."""
    matched: dict[Host, dict[str, Any]] = {}
    for host, is_outermost in hosts:
        params = match_host(host.host_template, name)
        if params is not None:
            matched[host] = params
            if is_outermost:
                break
    return matched

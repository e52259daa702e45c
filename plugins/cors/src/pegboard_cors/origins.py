r"""Serialised origins (Fetch, "serialising an origin"; RFC 6454 section 6.2): told apart from what only looks like one.

Two readers, for two kinds of text:

- `read_origin` reads what an owner configured. It refuses whatever a browser would never send, and says what to write.
- `split_origin` reads what a client sent. It gives None for anything but the one spelling that browsers use.

Rules that must not move:

- Origins are compared as bytes, whole. A text is never changed to make it match: no lower-casing, no default ports.
- What `split_origin` takes is at most `LONGEST` bytes, so that whatever is asked of it next has a bound.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

__all__ = [
    "LONGEST",
    "Origin",
    "OriginError",
    "is_loopback",
    "is_same_host",
    "own_hosts",
    "read_origin",
    "split_origin",
]

LONGEST = 300
"""Bytes: a scheme of 32, a host of 253 (RFC 1035 section 2.3.4), a port."""

_DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"}

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = rf"{_LABEL}(?:\.{_LABEL})*"
_ORIGIN = re.compile(
    rf"(?P<scheme>[a-z][a-z0-9+.-]{{0,31}})://(?P<host>{_NAME}|\[[0-9a-f:.]{{2,45}}\])(?::(?P<port>[1-9][0-9]{{0,4}}))?"
)
_HALF_SCHEME = re.compile(r"(?:https?:)?/*")
_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PORT = re.compile(r"(?<=[^\[:]):[^:\]]*$")
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")


class OriginError(ValueError):
    """A configured origin that no browser sends; the text says what to write instead."""


class Origin(NamedTuple):
    """The parts of an origin; ``port`` is empty where it is the scheme's own."""

    scheme: str
    host: str
    port: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}" if self.port else f"{self.scheme}://{self.host}"


def split_origin(sent: bytes) -> Origin | None:
    """The parts of an origin as a browser sends it, or None for anything else, ``null`` included."""
    return _split(sent) if len(sent) <= LONGEST else None


@lru_cache(maxsize=1024)
def _split(sent: bytes) -> Origin | None:
    found = _ORIGIN.fullmatch(sent.decode("ascii")) if sent.isascii() else None
    if found is None:
        return None
    scheme, host, port = found.group("scheme", "host", "port")
    if port and (_DEFAULT_PORTS.get(scheme) == port or (len(port) == 5 and port > "65535")):
        return None
    if len(host) > 253 or _address_problem(host):
        return None
    return Origin(scheme, host, port or "")


def read_origin(text: str) -> Origin:
    """The parts of a configured origin. Raises OriginError, with the right spelling where one can be told."""
    for is_wrong, advise in _CHECKS:
        if is_wrong(text):
            raise OriginError(advise(text))
    origin = split_origin(text.encode())
    if origin is None:
        address = _address_problem(_PORT.sub("", _rest(text)))
        raise OriginError(address or f"{text!a} is no origin; an origin is scheme://host or scheme://host:port")
    return origin


def is_loopback(host: str) -> bool:
    """Whether a host is this machine whatever the network says (Secure Contexts, section 3.1)."""
    if host == "localhost" or host.endswith(".localhost") or host == "[::1]":
        return True
    return host.startswith("127.") and _NUMERIC.fullmatch(host) is not None


def is_same_host(origin: bytes, host: bytes | None) -> bool:
    """Whether an origin names the host and port that a request was sent to (its Host header)."""
    return host is not None and host.lower() in own_hosts(origin)


def own_hosts(origin: bytes) -> frozenset[bytes]:
    """The Host headers, in lower case, that name the host and port of an origin; none where it is no origin.

    The scheme is not compared, since a proxy in front may have taken TLS off.
    """
    parts = split_origin(origin)
    if parts is None:
        return frozenset()
    default = _DEFAULT_PORTS.get(parts.scheme)
    names = [f"{parts.host}:{parts.port}"] if parts.port else [parts.host, f"{parts.host}:{default}"]
    return frozenset(name.encode("ascii") for name in names)


def _address_problem(host: str) -> str:
    """What is wrong with the spelling of an address; empty for names and for addresses as browsers write them."""
    if not host.startswith("[") and not _NUMERIC.fullmatch(host):
        return ""
    try:
        right = _ipv6(host.strip("[]")) if host.startswith("[") else str(ipaddress.IPv4Address(host))
    except ValueError:
        why = "" if host.startswith("[") else ", and its last label is a number, so it is no name either"
        return f"{host!a} is no IP address{why}"
    return "" if host == right else f"browsers write the address {host!a} as {right!a}"


def _ipv6(text: str) -> str:
    """An address as URLs have it: compressed, and never with dots (URL Standard, "IPv6 serializer")."""
    address = ipaddress.IPv6Address(text)
    mapped = address.ipv4_mapped
    return f"[{address}]" if mapped is None else f"[::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}]"


def _rest(text: str) -> str:
    return text.partition("://")[2]


def _port_of(text: str) -> str:
    return _rest(text).rpartition("]")[2].rpartition(":")[2] if ":" in _rest(text).rpartition("]")[2] else ""


def _has_default_port(text: str) -> bool:
    port = _port_of(text)
    return bool(port) and _DEFAULT_PORTS.get(text.partition("://")[0]) == port


def _without_path(text: str) -> str:
    scheme, _, rest = text.partition("://")
    return f"{scheme}://{re.split('[/?#]', rest, maxsplit=1)[0]}"


def _idn_advice(text: str) -> str:
    scheme, mark, rest = text.partition("://")
    right = f"{scheme}{mark}{_ascii_form(rest)}"
    return f"{text!a} is not ASCII; browsers send international names in their ASCII form: write {right!a}"


def _ascii_form(name: str) -> str:
    """An international name as browsers send it, or a hint where that is not certain.

    Browsers follow newer rules (UTS 46) than this codec: what it reads back unchanged is the same in both.
    """
    try:
        form = name.encode("idna")
        is_certain = form.decode("idna") == name.lower()
    except UnicodeError:
        return "xn--..."
    return form.decode("ascii") if is_certain else "xn--..."


def _any(characters: str) -> Callable[[str], bool]:
    return lambda text: any(character in characters for character in text)


def _controls(text: str) -> Iterable[str]:
    return (character for character in text if character <= " " or character == "\x7f")


# What is wrong, and what to say; the first row that fits counts.
_CHECKS: tuple[tuple[Callable[[str], bool], Callable[[str], str]], ...] = (
    (lambda text: not text, lambda text: "an empty text is no origin; remove it"),
    (lambda text: text.lower() == "null", lambda text: f"{text!a} is no origin; browsers send 'null'"),
    (
        lambda text: text.count("://") > 1 or "," in text,
        lambda text: f"{text!a} holds more than one origin; write each as an item of its own",
    ),
    (lambda text: any(_controls(text)), lambda text: f"{text!a} holds a space or control character; take it away"),
    (
        lambda text: not _HAS_SCHEME.match(text),
        lambda text: f"{text!a} has no scheme; write for example {_HALF_SCHEME.sub('https://', text, count=1)!a}",
    ),
    (
        lambda text: _rest(text).endswith("/") and _without_path(text) == text[:-1],
        lambda text: f"{text!a} has a trailing slash, which no origin has; write {text[:-1]!a}",
    ),
    (
        lambda text: _any("/?#")(_rest(text)),
        lambda text: f"{text!a} has a path or query, which no origin has; write {_without_path(text)!a}",
    ),
    (lambda text: "@" in text, lambda text: f"{text!a} has a user name, which no origin has; take it away"),
    (lambda text: not text.isascii(), _idn_advice),
    (lambda text: text != text.lower(), lambda text: f"{text!a} has upper case; browsers send {text.lower()!a}"),
    (
        _has_default_port,
        lambda text: f"{text!a} writes out the scheme's own port; browsers send {text.rpartition(':')[0]!a}",
    ),
    (
        lambda text: _rest(text).partition(":")[0].endswith("."),
        lambda text: f"{text!a} has a dot at the end of its host; take it away",
    ),
)

"""URLs (RFC 3986), as given and as a scope tells them.

Rules that must not move:

- Of a scope, the host never changes the path, and the path never changes the host. A Host header counts only when it is
  nothing but a host and a port; otherwise the server's own address takes its place. In the path, whatever would end it
  or let it begin as ``//host`` is percent-encoded.
- The components of a scope's URL are set, not parsed back from its text; both always say the same.
- ``repr`` does not show a password.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, MutableMapping
from ipaddress import AddressValueError, IPv6Address
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

from pegboard.multidict import MultiDict, parse_fields
from pegboard.raw_headers import find

__all__ = ["URL", "Address", "URLPath", "valid_host"]

_HOST = re.compile(rb"(?:[A-Za-z0-9._~-]{1,255}|\[([0-9A-Fa-f:.]{2,45})\])(?::([0-9]{1,5}))?")
_UNSAFE_IN_PATH = re.compile(r"[\x00-\x1f\x7f?#\\]")
_UNSAFE_IN_QUERY = re.compile(rb"[^\x21\x22\x24-\x7e]")
_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_SCHEMES = {
    ("http", False): "http",
    ("http", True): "https",
    ("websocket", False): "ws",
    ("websocket", True): "wss",
}
_HIDDEN = {"password": "*" * 8}
_AUTHORITY = ("username", "password", "hostname", "port")
_COMPONENTS = frozenset({*SplitResult._fields, *_AUTHORITY})


class Address(NamedTuple):
    """One end of a connection."""

    host: str
    port: int


class URL:
    """A URL that does not change: from its text, from an ASGI ``scope``, or from components.

    Components are those of `urllib.parse.SplitResult` and, for the authority, ``username``, ``password``, ``hostname``
    and ``port``. Equal to another URL, or a str, of the same text.
    """

    __slots__ = ("_components", "_url")

    _url: str
    _components: SplitResult | None

    def __init__(self, url: str = "", scope: MutableMapping[str, Any] | None = None, **components: Any) -> None:
        if (scope is not None) + bool(components) + bool(url) > 1:
            raise ValueError("URL: expected one of `url`, `scope` and components, got several; see URL.replace()")
        if scope is not None:
            self._url, self._components = _from_scope(scope)
        else:
            self._url = URL().replace(**components)._url if components else url
            self._components = None

    @property
    def components(self) -> SplitResult:
        """The five parts of the URL. Raises ValueError when its host is malformed."""
        if self._components is None:
            self._components = urlsplit(self._url)
        return self._components

    @property
    def scheme(self) -> str:
        """The scheme, in lower case: "https"."""
        return self.components.scheme

    @property
    def netloc(self) -> str:
        """The authority: user, host and port, as far as they are there."""
        return self.components.netloc

    @property
    def path(self) -> str:
        """The path."""
        return self.components.path

    @property
    def query(self) -> str:
        """What stands behind the question mark."""
        return self.components.query

    @property
    def fragment(self) -> str:
        """What stands behind the number sign."""
        return self.components.fragment

    @property
    def username(self) -> str | None:
        """The user, if there is one."""
        return self.components.username

    @property
    def password(self) -> str | None:
        """The password, if there is one."""
        return self.components.password

    @property
    def hostname(self) -> str | None:
        """The host in lower case, an IPv6 address without its brackets."""
        return self.components.hostname

    @property
    def port(self) -> int | None:
        """The port, if one is given. Raises ValueError when it is none."""
        return self.components.port

    @property
    def is_secure(self) -> bool:
        """Whether the scheme stands for an encrypted connection: https or wss."""
        return self.scheme in ("https", "wss")

    def replace(self, **components: Any) -> URL:
        """This URL with other components; None drops a part of the authority. Raises ValueError for an unknown one."""
        if unknown := sorted(components.keys() - _COMPONENTS):
            raise ValueError(f"URL.replace: unknown components {unknown}; expected some of {sorted(_COMPONENTS)}")
        authority = {name: components.pop(name) for name in _AUTHORITY if name in components}
        parts = self.components._replace(**components)
        if authority:
            parts = parts._replace(netloc=_join_netloc(**{**_split_netloc(parts.netloc), **authority}))
        return URL(_join(parts))

    def include_query_params(self, **params: Any) -> URL:
        """This URL with these query parameters set; others stay."""
        fields = MultiDict(parse_fields(self.query, limit=None))
        fields.update({name: str(value) for name, value in params.items()})
        return self.replace(query=urlencode(fields.multi_items()))

    def replace_query_params(self, **params: Any) -> URL:
        """This URL with these query parameters only."""
        return self.replace(query=urlencode([(name, str(value)) for name, value in params.items()]))

    def remove_query_params(self, keys: str | Iterable[str]) -> URL:
        """This URL without the query parameters of these names."""
        dropped = {keys} if isinstance(keys, str) else set(keys)
        fields = parse_fields(self.query, limit=None)
        return self.replace(query=urlencode([(name, value) for name, value in fields if name not in dropped]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, URL | str) and self._url == str(other)

    def __hash__(self) -> int:
        return hash(self._url)

    def __str__(self) -> str:
        return self._url

    def __repr__(self) -> str:
        shown = self.replace(**_HIDDEN) if "@" in self._url and self.password else self
        return f"{type(self).__name__}({shown._url!r})"


class URLPath(str):
    """The path of a route, with the kind of connection and the host it asks for, where it asks for any."""

    __slots__ = ("host", "protocol")

    protocol: Literal["http", "websocket", ""]
    host: str

    def __new__(cls, path: str, protocol: Literal["http", "websocket", ""] = "", host: str = "") -> Self:
        """Make it. Raises ValueError for a protocol that is none."""
        if protocol not in ("http", "websocket", ""):
            raise ValueError(f'URLPath: expected protocol "http", "websocket" or "", got {protocol!r}')
        self = super().__new__(cls, path)
        self.protocol = protocol
        self.host = host
        return self

    def make_absolute_url(self, base_url: str | URL) -> URL:
        """The URL of this path under ``base_url``, whose path comes first; its security decides between ws and wss."""
        base = base_url if isinstance(base_url, URL) else URL(base_url)
        path = base.path.rstrip("/") + (self if self.startswith("/") else f"/{self}")
        scheme = _SCHEMES.get((self.protocol, base.is_secure), base.scheme)
        return URL(_join(SplitResult(scheme, self.host or base.netloc, path, "", "")))


def valid_host(host: bytes) -> str | None:
    """A Host header's value as text when it is a host and maybe a port (RFC 9110 section 7.2), and nothing else."""
    match = _HOST.fullmatch(host)
    if match is None:
        return None
    literal, port = match.groups()
    if (port is not None and int(port) > 65535) or (literal is not None and not _is_ipv6(literal.decode("ascii"))):
        return None
    return host.decode("ascii")


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def _from_scope(scope: MutableMapping[str, Any]) -> tuple[str, SplitResult]:
    scheme: str = scope.get("scheme", "http")
    host = find(scope["headers"], b"host")
    netloc = valid_host(host) if host is not None else None
    if netloc is None:
        netloc = _server_netloc(scheme, scope.get("server"))
    path, query = _path_of(scope["path"]), scope.get("query_string", b"")
    if query:
        query = _UNSAFE_IN_QUERY.sub(_percent_byte, query).decode("ascii")
        tail = f"{path}?{query}"
    else:
        query, tail = "", path
    if not netloc:
        hidden = _without_host(path)
        return hidden + tail[len(path) :], SplitResult("", "", hidden, query, "")
    return f"{scheme}://{netloc}{tail}", SplitResult(scheme, netloc, path, query, "")


def _server_netloc(scheme: str, server: tuple[str, int | None] | None) -> str:
    # Without a port it is the path of a Unix socket, which is no host.
    if server is None or server[1] is None:
        return ""
    host, port = server
    host = _bracketed(host)
    return host if port == _DEFAULT_PORTS.get(scheme) else f"{host}:{port}"


def _path_of(path: str) -> str:
    if _UNSAFE_IN_PATH.search(path):
        path = _UNSAFE_IN_PATH.sub(_percent_char, path)
    return path if not path or path.startswith("/") else f"/{path}"


def _percent_char(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def _percent_byte(match: re.Match[bytes]) -> bytes:
    return b"%%%02X" % match[0][0]


def _without_host(path: str) -> str:
    # A reference that begins with two slashes names a host (RFC 3986 section 4.2).
    return f"/%2F{path[2:]}" if path.startswith("//") else path


def _join(parts: SplitResult) -> str:
    return urlunsplit(parts if parts.netloc else parts._replace(path=_without_host(parts.path)))


def _split_netloc(netloc: str) -> dict[str, Any]:
    userinfo, _, address = netloc.rpartition("@")
    username, colon, password = userinfo.partition(":")
    hostname, _, port = address.rpartition(":") if re.search(r":[0-9]*$", address) else (address, "", "")
    return {
        "username": username or None,
        "password": password if colon else None,
        "hostname": hostname,
        "port": port or None,
    }


def _join_netloc(username: str | None, password: str | None, hostname: str | None, port: Any) -> str:
    netloc = _bracketed(hostname or "")
    if port is not None:
        netloc += f":{port}"
    if username is None:
        return netloc
    return f"{username}@{netloc}" if password is None else f"{username}:{password}@{netloc}"


def _bracketed(hostname: str) -> str:
    return f"[{hostname}]" if ":" in hostname and not hostname.startswith("[") else hostname

"""Secrets stay inside: which values of headers, queries and bound fields are never written.

Pure. The built-in names always hold; settings can only add to them. Names are compared in lower case, and ``-`` and
``_`` are the same. What is redacted keeps its name, so that a reader sees that it was there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from pegboard.types import RawHeaders

__all__ = ["DEEP", "MARK", "MAX_DEPTH", "SECRET_HEADERS", "SECRET_NAMES", "Redaction"]

MARK = "[redacted]"

MAX_DEPTH = 6
DEEP = "..."
"""How deep bound values are written, and what stands for what lies deeper."""

SECRET_HEADERS = frozenset(
    {
        "api_key",
        "authorization",
        "cookie",
        "proxy_authorization",
        "set_cookie",
        "x_amz_security_token",
        "x_api_key",
        "x_auth_token",
        "x_csrf_token",
        "x_xsrf_token",
    }
)

SECRET_NAMES = frozenset(
    {
        "access_token",
        "api_key",
        "apikey",
        "assertion",
        "auth",
        "authorization",
        "client_secret",
        "code",
        "cookie",
        "credentials",
        "id_token",
        "jwt",
        "key",
        "passwd",
        "password",
        "pwd",
        "refresh_token",
        "secret",
        "session",
        "sig",
        "signature",
        "token",
        "x_amz_credential",
        "x_amz_security_token",
        "x_amz_signature",
    }
)
"""Names of query parameters, and of bound fields."""

_USER_INFO = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*@")
_SEPARATORS = re.compile(r"([&;])")
_USER_INFO_WITHIN = re.compile(r"(?<=://)[^\s/?#@'\"]+@")
_WORDS = re.compile(r"[\s,;]+")

SHORTEST = 6
"""Characters of the shortest part of a secret that is looked for in texts: shorter ones stand in any text."""

MAX_WORDS = 100
"""How many parts of a header are looked for."""


def folded(name: str) -> str:
    """A name as it is compared."""
    return name.lower().replace("-", "_")


class Redaction:
    """The names whose values are not written: the built-in ones and more."""

    def __init__(self, headers: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self.headers = SECRET_HEADERS | {folded(name) for name in headers}
        self.names = SECRET_NAMES | {folded(name) for name in names}
        # For names that the application's code chose: those of clients would fill the cache with whatever they like.
        self._is_secret = lru_cache(maxsize=1024)(lambda name: folded(name) in self.names)
        self._parameters_within = re.compile(rf"([?&;]{_any_of(self.names)}=)[^\s&;#'\"<>]*", re.IGNORECASE)
        self._headers_within = re.compile(
            rf"""(?<![\w-])({_any_of(self.headers)}(?:['"]\s*[:,]\s*b?|:\s*))('[^']*'|"[^"]*"|[^\r\n'"]+)""",
            re.IGNORECASE,
        )

    def header(self, name: str, value: str) -> str:
        """The value of a header, or the mark."""
        return MARK if folded(name) in self.headers else value

    def query(self, query: str) -> str:
        """A query string with the values of secret parameters replaced; the rest as it was sent."""
        if "=" not in query:
            return query
        return "".join(map(self._parameter, _SEPARATORS.split(query)))

    def url(self, url: str) -> str:
        """A URL without user and password, and with its query redacted, in the fragment as well."""
        bare = _USER_INFO.sub(lambda match: f"{match[1] or ''}//", url, count=1)
        path, mark, rest = bare.partition("?")
        if not mark:
            path, mark, rest = bare.partition("#")
        query, hash_mark, fragment = rest.partition("#")
        return path + mark + self.query(query) + hash_mark + self.query(fragment)

    def text(self, text: str, headers: RawHeaders | None = None) -> str:
        """What others have written, without the secrets that can be told in it.

        These are secret headers and parameters that stand there with their names, users and passwords of URLs, and the
        values of the secret ones among the request's ``headers``, wherever they stand.
        """
        for secret in self._secrets(headers or []):
            text = text.replace(secret, MARK)
        text = _USER_INFO_WITHIN.sub("", text)
        text = self._parameters_within.sub(rf"\1{MARK}", text)
        return self._headers_within.sub(rf"\1{MARK}", text)

    def fields(self, fields: Mapping[Any, Any], depth: int = 0) -> dict[Any, Any]:
        """Bound fields with the values of secret names replaced, within dicts and lists too.

        What lies deeper than `MAX_DEPTH` is left out: nobody could say what is in it.
        """
        return {
            name: MARK if isinstance(name, str) and self._is_secret(name) else self._value(value, depth + 1)
            for name, value in fields.items()
        }

    def _secrets(self, headers: RawHeaders) -> list[str]:
        """The values of secret headers and what is secret within them, the longest first."""
        secrets: set[str] = set()
        for raw_name, value in headers:
            name = folded(raw_name.decode("latin-1"))
            if name in self.headers:
                text = value.decode("latin-1")
                words = _WORDS.split(text, MAX_WORDS)
                # The first word of several says which scheme of authentication it is.
                if name.endswith("authorization") and len(words) > 1:
                    del words[0]
                secrets.update((text, *map(_secret_of, words)))
        return sorted((secret for secret in secrets if len(secret) >= SHORTEST), key=len, reverse=True)

    def _value(self, value: Any, depth: int) -> Any:
        if not isinstance(value, Mapping | list | tuple):
            return value
        if depth > MAX_DEPTH:
            return DEEP
        if isinstance(value, Mapping):
            return self.fields(value, depth)
        return [self._value(item, depth + 1) for item in value]

    def _parameter(self, parameter: str) -> str:
        name, equals, _ = parameter.partition("=")
        # What servers decode, redaction has to decode too: `p%61ssword` is `password`.
        return f"{name}={MARK}" if equals and folded(unquote_plus(name)) in self.names else parameter


def _secret_of(word: str) -> str:
    """The value of ``name=value``, or the word itself."""
    value = word.partition("=")[2].strip('="')
    return value or word.strip('"')


def _any_of(names: Iterable[str]) -> str:
    """A pattern for folded names."""
    return f"(?:{'|'.join(re.escape(name).replace('_', '[-_]') for name in sorted(names))})"

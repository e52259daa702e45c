"""Path templates: parsed once, then matched by the table and filled in to build URLs. They know no routes.

Rules:

- A template is immutable. Equal text means equal template.
- Matching is on the decoded path. Building percent-encodes (RFC 3986, section 3.3), and refuses values that would not
  come back: what `build` returns, matched against the same template, gives the same parameters.
- Every template begins with a slash, but for the empty one (a mount of everything) and host templates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from pegboard.convertors import DECLINED, Convertor, RegexError
from pegboard.routing.host_names import check_host
from pegboard.routing.reading import Reader, reader
from pegboard.routing.scanning import Param, TemplateError, scan
from pegboard.routing.segments import Segment, limit_of, regions, split

__all__ = ["Param", "Template", "TemplateError", "ValueRefused"]

_SAFE_IN_PATH: Final = "/:@!$&'()*+,;=~"
_SAFE_IN_HOST: Final = re.compile(r"[A-Za-z0-9._~-]*")
_NO_PARAMS: Final[Mapping[str, Convertor[Any]]] = MappingProxyType({})


class ValueRefused(ValueError):
    """A value that cannot stand in a URL; `template` is the template's text, `param` the parameter's name."""

    def __init__(self, problem: str, template: str, param: str = "") -> None:
        where = f"parameter {param!r} of {template!r}" if param else repr(template)
        super().__init__(f"cannot build a URL: {where}: {problem}")
        self.template = template
        self.param = param


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed path template; make one with `Template.parse`.

    `parts` are literal texts and parameters in order, `params` the convertors by name, in order. `limit` is the
    longest path in characters that is safe to match, None for any (see `segments`).
    """

    text: str
    parts: tuple[str | Param, ...] = field(compare=False, repr=False)
    params: Mapping[str, Convertor[Any]] = field(compare=False, repr=False)
    is_host: bool = False
    limit: int | None = field(default=None, compare=False, repr=False)
    _reader: Reader | None = field(default=None, init=False, compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Template:
        """Parse a path template such as `/users/{id:int}`. The empty text is allowed, for mounts.

        Raises:
            TemplateError: the text does not begin with a slash, or a parameter is not right.
        """
        if text and not text.startswith("/"):
            raise TemplateError("no leading slash", text, 0, f"Write {'/' + text!r}.")
        return cls._of(text, is_host=False)

    @classmethod
    def parse_host(cls, text: str) -> Template:
        """Parse a host template such as `{tenant}.example.org`; its fixed text is made lower case.

        Raises:
            TemplateError: a parameter is not right, or no Host header without its port can match the text.
        """
        template = cls._of(text, is_host=True)
        check_host(text, template.parts)
        return template

    @classmethod
    def _of(cls, text: str, *, is_host: bool) -> Template:
        parts = tuple(part.lower() if is_host and isinstance(part, str) else part for part in scan(text))
        params = {part.name: part.convertor for part in parts if isinstance(part, Param)}
        if not params:
            return cls(text, parts, _NO_PARAMS, is_host)
        return cls(text, parts, MappingProxyType(params), is_host, _limit(text, parts))

    @property
    def is_static(self) -> bool:
        """Whether there are no parameters: the template matches its own text only."""
        return not self.params

    @property
    def segments(self) -> tuple[Segment, ...]:
        """What stands between the slashes; the first, before the leading slash, is empty."""
        return split(self.parts)

    @property
    def depth(self) -> int:
        """The number of segments after the leading slash, trailing slashes not counted: 2 for `/a/{b}/`."""
        return max((number for number, segment in enumerate(self.segments) if segment), default=0)

    def texts(self, path: str) -> dict[str, str] | None:
        """The texts of the parameters in a decoded path, or in a host's name; None when it does not match."""
        if self._reader is None:
            object.__setattr__(self, "_reader", reader(self.segments))
        found = self._reader(path)  # type: ignore[misc]
        return None if found is None else dict(zip(self.params, found, strict=True))

    def join(self, prefix: Template) -> Template:
        """This template under the mount `prefix`, whose trailing slashes do not count.

        Raises:
            TemplateError: both have a parameter of the same name.
        """
        return Template.parse(prefix.text.rstrip("/") + self.text)

    def build(self, params: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The percent-encoded path with these values filled in, and the values that are no parameters of it.

        Raises:
            ValueRefused: a value is missing, its convertor refuses it, or the path would not give it back.
        """
        texts = {name: self._text_of(name, params) for name in self.params}
        path = "".join(texts[part.name] if isinstance(part, Param) else part for part in self.parts)
        self._check_way_back(path, texts)
        remaining = {name: value for name, value in params.items() if name not in texts}
        return (path if self.is_host else quote(path, safe=_SAFE_IN_PATH)), remaining

    def _text_of(self, name: str, params: Mapping[str, Any]) -> str:
        if name not in params:
            raise ValueRefused("no value is given", self.text, name)
        value, convertor = params[name], self.params[name]
        try:
            text = convertor.to_string(value)
            text.encode("utf-8")
        except (*DECLINED, TypeError) as error:
            raise ValueRefused(f"got {_shown(value)}: {error}", self.text, name) from error
        if self.is_host and not _SAFE_IN_HOST.fullmatch(text):
            raise ValueRefused(f"got {_shown(value)}, expected what a host name may hold", self.text, name)
        return text

    def _check_way_back(self, path: str, texts: Mapping[str, str]) -> None:
        """Refuse a decoded path that a client or our own table would read in another way than it was built."""
        if not texts:
            return
        if self.limit is not None and len(path) > self.limit:
            raise ValueRefused(f"{len(path)} characters, and at most {self.limit} can be matched again", self.text)
        if not self.is_host:
            self._check_as_reference(path)
        found = self.texts(path)
        for name, text in texts.items():
            back = found[name] if found else None
            if back != text or not _is_accepted(self.params[name], text):
                seen = "not match" if back in (None, text) else f"come back as {_shown(back)}"
                raise ValueRefused(f"{_shown(text)} would {seen}", self.text, name)

    def _check_as_reference(self, path: str) -> None:
        """Refuse what clients read otherwise (RFC 3986, sections 4.2 and 5.2.4): `//` is a host, `..` goes up."""
        if path.startswith("//"):
            raise ValueRefused("the path would begin with '//', which clients read as a host", self.text)
        if not {".", ".."}.isdisjoint(path.split("/")):
            raise ValueRefused("the path would have a segment '.' or '..', which clients resolve away", self.text)


def _limit(text: str, parts: tuple[str | Param, ...]) -> int | None:
    limits: list[int] = []
    for region, is_tail in regions(split(parts)):
        try:
            limit = limit_of(region, tail=is_tail)
        except RegexError as error:
            first = next(part.at for part in region if isinstance(part, Param))
            raise TemplateError(error.problem, text, first, error.hint) from None
        limits.extend([] if limit is None else [limit])
    return min(limits, default=None)


def _is_accepted(convertor: Convertor[Any], text: str) -> bool:
    try:
        convertor.convert(text)
    except DECLINED:
        return False
    return True


def _shown(value: object) -> str:
    """The value for a message, cut to a bearable length."""
    try:
        text = repr(value)
    except ValueError:
        return f"a huge {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."

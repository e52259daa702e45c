r"""The header that names a part of a form: ``form-data; name="..."; filename="..."`` (RFC 7578 section 4.2).

Rules that must not move:

- A parameter stands once, unlike parsers that take the first or the last: nobody between client and application may
  see another name, or another file, than the application does.
- ``\"`` stands for a quote, as older clients write it. Browsers leave a backslash alone and write ``%22`` for a quote
  (WHATWG HTML, multipart/form-data encoding algorithm), so that a backslash before the last quote is one. Percent
  signs are left as they are: nothing tells an escape from a name that has one.
- ``filename*`` alone is refused: RFC 7578 forbids it, and a file must not pass for a field of text.
"""

from __future__ import annotations

import re

__all__ = ["parse_form_disposition"]

_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_PARAMETER = re.compile(
    rf';[ \t]*({_NAME})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\"|\\)*)"|([^\s";]+))[ \t]*(?=;|$)|;[ \t]*(?=;|$)'
)
_USUAL = re.compile(rb'form-data; name="([^"\\\x80-\xff]*)"(?:; filename="([^"\\\x80-\xff]*)")?')
_KIND = re.compile(r"[ \t]*form-data[ \t]*(?=;|$)", re.IGNORECASE)


def parse_form_disposition(value: bytes) -> tuple[str, str | None]:
    """Name and filename of a part, decoded as UTF-8 (U+FFFD for what is not); filename None means a field of text.

    Raises ValueError for anything that is not of this form, or has no name.
    """
    usual = _USUAL.fullmatch(value)
    if usual is not None:
        first, second = usual.groups()
        return first.decode("ascii"), None if second is None else second.decode("ascii")
    text = value.decode("latin-1")
    kind = _KIND.match(text)
    if kind is None:
        raise ValueError(f"expected 'form-data; name=\"...\"', got {text[:80]!a}")
    parameters = _parameters(text, kind.end())
    name, filename = parameters.get("name"), parameters.get("filename")
    if name is None:
        raise ValueError(f"expected a name, got {text[:80]!a}")
    if filename is None and "filename*" in parameters:
        raise ValueError("expected 'filename', got 'filename*', which forms must not have (RFC 7578 section 4.2)")
    return name, filename


def _parameters(text: str, position: int) -> dict[str, str]:
    found: dict[str, str] = {}
    while position < len(text):
        parameter = _PARAMETER.match(text, position)
        if parameter is None:
            raise ValueError(f'expected ;name="value" at position {position}, got {text[position : position + 40]!a}')
        position = parameter.end()
        key, quoted, plain = parameter.groups()
        if key is None:
            continue
        if key.lower() in found:
            raise ValueError(f"expected {key!a} once, got it twice")
        found[key.lower()] = _decoded(plain if quoted is None else quoted.replace('\\"', '"'))
    return found


def _decoded(text: str) -> str:
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "replace")

"""One record is one line: what could break a line, move a cursor or reverse a reader's text is written as an escape.

Unsafe are the C0 and C1 controls, DEL, the line and paragraph separators, the marks that change the direction of text
(their abuse in logs and sources is known as Trojan Source), and lone surrogates, which no encoding can say.
"""

from __future__ import annotations

import re

__all__ = ["escape_ascii", "escape_json", "escape_text"]

DEL = 0x7F

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_QUOTED_ASCII = re.compile(r'[^\x20-\x7e]|["\\]')


def escape_text(text: str) -> str:
    r"""``text`` with what is unsafe as ``\n``, ``\x1b`` or ``\u2028``; other text, and backslashes, as they are."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_named, text)


def escape_json(line: bytes) -> bytes:
    r"""An encoded JSON document with what JSON leaves alone, from DEL upwards, as ``\u007f``.

    Such characters stand in strings only, and the encoder has escaped the C0 controls already.
    """
    if line.isascii() and DEL not in line:
        return line
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", line.decode()).encode()


def escape_ascii(text: str) -> str:
    """``text`` between double quotes, the way web servers write it: quotes, backslashes and all but ASCII escaped."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return _QUOTED_ASCII.sub(_hexadecimal, text)


def _named(match: re.Match[str]) -> str:
    character = match[0]
    known = _NAMES.get(character)
    if known is not None:
        return known
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _hexadecimal(match: re.Match[str]) -> str:
    character = match[0]
    if character in '"\\':
        return "\\" + character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))


_NAMES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

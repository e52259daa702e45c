"""Content-Disposition (RFC 6266): whether a client shows an answer or saves it, and under which name.

A name of plain ASCII is sent as it is. Any other one is sent twice: reduced to ASCII for old clients, and whole in the
encoding of RFC 8187, which all others prefer. Whatever the name is, it cannot leave its header or name a folder.
"""

from __future__ import annotations

import re
from urllib.parse import quote

__all__ = ["content_disposition"]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# Control characters and separators of paths: clients replace them, or should (RFC 6266 section 4.3).
_DANGEROUS = re.compile(r"[\x00-\x1f\x7f-\x9f/\\]")
# What clients disagree on in a quoted name (RFC 6266 appendix D).
_UNCLEAR = re.compile(r'[^\x20-\x7e]|["%]')
# The attr-char of RFC 8187 section 3.2.1 that are not safe in URLs anyway.
_ATTRIBUTE = "!#$&+^`|"


def content_disposition(disposition: str, filename: str | None = None) -> bytes:
    """The header's value: ``disposition`` ("attachment", "inline") and the name to save under.

    Raises ValueError when ``disposition`` is no token.
    """
    if _TOKEN.fullmatch(disposition) is None:
        raise ValueError(f'content disposition {disposition!a}: expected "attachment" or "inline"')
    kind = disposition.encode("ascii")
    if filename is None:
        return kind
    name = _DANGEROUS.sub("_", filename)
    plain, changed = _UNCLEAR.subn("_", name)
    value = b'%b; filename="%b"' % (kind, plain.encode("ascii"))
    if changed:
        value += b"; filename*=UTF-8''" + quote(name, safe=_ATTRIBUTE, errors="replace").encode("ascii")
    return value

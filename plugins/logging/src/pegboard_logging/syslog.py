"""The way to syslog: what an address looks like, and a handler that raises what goes wrong."""

from __future__ import annotations

import logging
import socket
import sys
from logging.handlers import SysLogHandler

__all__ = ["Syslog", "syslog_address"]


def syslog_address(text: str) -> str | tuple[str, int]:
    """A socket's path, or a host and a port; IPv6 addresses stand in brackets. Raises ValueError."""
    if text.startswith("/"):
        return text
    host, colon, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not bare or not port.isdecimal() or not 0 < int(port) < 65536 or (":" in host and bare == host):
        raise ValueError(f"{text!r} is neither a path such as /dev/log nor host:port such as 127.0.0.1:514")
    return bare, int(port)


class Syslog(SysLogHandler):
    """The standard library's handler, for a thread that knows what to do with errors."""

    @property
    def append_nul(self) -> bool:  # type: ignore[override]
        """Whether messages need an end: datagrams have one, and a stream has not."""
        return self.socktype == socket.SOCK_STREAM

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the standard library's name
        """Raise to the writer what the standard library would print."""
        error = sys.exc_info()[1]
        if error is not None:
            raise error

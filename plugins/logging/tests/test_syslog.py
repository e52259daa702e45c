"""Addresses of syslog, and the handler."""

import logging
import socket
import threading
from pathlib import Path

import pytest

from pegboard_logging.syslog import Syslog, syslog_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/dev/log", "/dev/log"),
        ("localhost:514", ("localhost", 514)),
        ("127.0.0.1:1514", ("127.0.0.1", 1514)),
        ("[::1]:514", ("::1", 514)),
    ],
)
def test_an_address_is_a_path_or_a_host_with_a_port(text: str, address: object) -> None:
    assert syslog_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "log", "localhost", ":514", "localhost:", "localhost:x", "x:0", "x:65536", "::1:514"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as 127\.0\.0\.1:514"):
        syslog_address(text)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs local sockets")
def test_messages_on_a_stream_have_an_end(tmp_path: Path) -> None:
    received: list[bytes] = []

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            while data := connection.recv(1000):
                received.append(data)

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(tmp_path / "log"))
        server.listen()
        reader = threading.Thread(target=serve)
        reader.start()
        handler = Syslog(str(tmp_path / "log"))
        for text in ("one", "two"):
            handler.emit(logging.LogRecord("x", logging.INFO, "", 0, text, (), None))
        handler.close()
        reader.join(10.0)
    assert b"".join(received) == b"<14>one\0<14>two\0"


def test_what_goes_wrong_is_raised(tmp_path: Path) -> None:
    handler = Syslog(("127.0.0.1", 9))
    with pytest.raises(OSError, match="too long"):
        handler.emit(logging.LogRecord("x", logging.INFO, "", 0, "x" * 70_000, (), None))
    handler.close()

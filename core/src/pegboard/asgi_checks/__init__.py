"""What an application may send, and when: ASGI 3 as a checker, for test clients and for the test doubles of servers.

Nothing here does I/O or waits. A checker is made for one scope. It is told each message that the application sends,
before anybody uses it, and that the application has returned; it raises ASGIViolation when that breaks the standard.
"""

from pegboard.asgi_checks.base import Checker
from pegboard.asgi_checks.connections import LifespanChecker, WebSocketChecker, checker_for
from pegboard.asgi_checks.fields import ASGIViolation
from pegboard.asgi_checks.responses import HTTPChecker

__all__ = ["ASGIViolation", "Checker", "HTTPChecker", "LifespanChecker", "WebSocketChecker", "checker_for"]

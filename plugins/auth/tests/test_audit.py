"""The audit trail."""

import logging

import pytest

from pegboard.requests import HTTPConnection
from pegboard.routing import Route
from pegboard_auth.audit import Audit
from pegboard_auth.identity import ANONYMOUS, Access, User
from pegboard_auth.refusals import Rejected


async def page(request: object) -> None:
    return None


CONNECTION = HTTPConnection(
    {
        "type": "http",
        "path": "/evil\npath",
        "query_string": b"key=hunter2",
        "headers": [(b"authorization", b"Bearer hunter2")],
        "route": Route("/a/{b}", page),
    }
)


@pytest.fixture
def audit(caplog: pytest.LogCaptureFixture) -> Audit:
    caplog.set_level(logging.DEBUG, "pegboard.auth")
    return Audit()


def facts(caplog: pytest.LogCaptureFixture) -> dict[str, object]:
    [record] = caplog.records
    found: dict[str, object] = record.__dict__["auth"]
    return {"level": record.levelname, **found}


def test_who_is_let_through_is_told(audit: Audit, caplog: pytest.LogCaptureFixture) -> None:
    audit.passed(CONNECTION, Access(User("ann"), "bearer"))
    assert facts(caplog) == {
        "level": "DEBUG",
        "event": "passed",
        "route": "GET|HEAD /a/{b}",
        "scheme": "bearer",
        "identity": "ann",
        "reason": "",
        "status_code": 0,
    }


def test_anonymous_callers_who_may_pass_are_no_news(audit: Audit, caplog: pytest.LogCaptureFixture) -> None:
    audit.passed(CONNECTION, ANONYMOUS)
    assert not caplog.records


def test_who_may_not_is_told_with_what_is_lacking(audit: Audit, caplog: pytest.LogCaptureFixture) -> None:
    audit.refused(CONNECTION, Access(User("ann"), "basic"), "lacks scope write", 403)
    assert caplog.messages == ["refused ann at GET|HEAD /a/{b} by basic: lacks scope write"]
    assert facts(caplog)["level"] == "INFO"


def test_rejected_credentials_are_told_with_the_reason_and_without_themselves(
    audit: Audit, caplog: pytest.LogCaptureFixture
) -> None:
    audit.rejected(CONNECTION, "bearer", Rejected("unknown token"))
    assert facts(caplog)["reason"] == "unknown token"
    assert facts(caplog)["level"] == "WARNING"
    [record] = caplog.records
    assert "hunter2" not in str(record.__dict__)
    assert "evil" not in str(record.__dict__)
    assert "\n" not in caplog.messages[0]


def test_a_logger_that_does_not_want_it_gets_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "pegboard.auth")
    Audit().rejected(CONNECTION, "bearer", Rejected("unknown token"))
    assert not caplog.records


def test_what_fails_is_told_without_what_its_exception_says(audit: Audit, caplog: pytest.LogCaptureFixture) -> None:
    audit.failed(CONNECTION, "policy owner", ValueError("hunter2"))
    assert facts(caplog)["level"] == "ERROR"
    assert facts(caplog)["reason"] == "ValueError"
    assert "hunter2" not in str(caplog.records[0].__dict__)


def test_the_reason_is_left_on_the_connection_for_its_own_record(audit: Audit) -> None:
    refused, rejected = (HTTPConnection({"type": "http", "headers": []}) for _ in range(2))
    audit.refused(refused, ANONYMOUS, "no credentials", 401)
    audit.rejected(rejected, "bearer", Rejected("expired"))
    assert "refused: no credentials" in str(refused.scope)
    assert "rejected by bearer: expired" in str(rejected.scope)

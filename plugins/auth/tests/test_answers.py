"""What those who may not are told."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pegboard.requests import HTTPConnection
from pegboard.responses import Response
from pegboard_auth.answers import Answers
from pegboard_auth.api_keys import APIKeys
from pegboard_auth.bearer import Bearer
from pegboard_auth.identity import Access, User
from pegboard_auth.refusals import Rejected
from pegboard_auth.requirements import Requirement
from pegboard_auth.schemes import Scheme
from pegboard_auth.tokens import TokenTable


class Silent(Scheme):
    """A scheme without a challenge."""

    name = "silent"


BEARER, KEYS, SILENT = Bearer(TokenTable()), APIKeys([]), Silent()
SCHEMES = (BEARER, KEYS, SILENT)
ANSWERS = Answers("api", "/login")


def connection(method: str = "GET", path: str = "/", query: bytes = b"", type: str = "http", **headers: str) -> Any:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": type, "method": method, "path": path, "query_string": query, "headers": pairs})


def challenges(response: Response) -> list[str]:
    return [value.decode() for name, value in response.raw_headers if name == b"www-authenticate"]


def test_without_credentials_every_scheme_offers_its_challenge_in_a_field_of_its_own() -> None:
    response = ANSWERS.missing(connection(), SCHEMES)
    assert response.status_code == 401
    assert challenges(response) == ['Bearer realm="api"', 'ApiKey realm="api", header="x-api-key"']
    assert response.headers["cache-control"] == "no-store"


def test_of_rejected_credentials_only_their_own_scheme_speaks() -> None:
    response = ANSWERS.rejected(Rejected("the reason"), BEARER, SCHEMES)
    assert response.status_code == 401
    assert challenges(response)[0] == 'Bearer realm="api", error="invalid_token"'
    assert "error" not in challenges(response)[1]
    assert b"reason" not in response.body


def test_a_bad_request_is_400_and_an_overload_503_with_the_time_to_come_again() -> None:
    bad = ANSWERS.rejected(Rejected("two headers", "invalid_request", 400), BEARER, SCHEMES)
    assert (bad.status_code, challenges(bad)) == (400, ['Bearer realm="api", error="invalid_request"'])
    busy = ANSWERS.rejected(Rejected("busy", None, 503, retry_after=7), KEYS, SCHEMES)
    assert (busy.status_code, challenges(busy), busy.headers["retry-after"]) == (503, [], "7")
    for response in (bad, busy):
        assert response.headers["cache-control"] == "no-store"


def test_who_lacks_a_scope_is_told_which_are_needed_where_the_scheme_can_say_so() -> None:
    needed = Requirement.make(["write", "read"])
    response = ANSWERS.forbidden(Access(User("ann"), "bearer", ["read"]), needed, SCHEMES)
    assert response.status_code == 403
    assert challenges(response) == ['Bearer realm="api", error="insufficient_scope", scope="read write"']
    by_key = ANSWERS.forbidden(Access(User("ann"), "api-key", ["read"]), needed, SCHEMES)
    assert (by_key.status_code, challenges(by_key)) == (403, [])


def test_who_lacks_a_role_or_fails_a_policy_is_told_nothing() -> None:
    response = ANSWERS.forbidden(Access(User("ann"), "bearer"), Requirement.make(roles=["admin"]), SCHEMES)
    assert (response.status_code, challenges(response), response.body) == (403, [], b"Forbidden")
    assert response.headers["cache-control"] == "no-store"


def test_a_browser_that_navigates_is_sent_to_the_login_page() -> None:
    response = ANSWERS.missing(connection(path="/a b/ü", query=b"x=1&y=%20", accept="text/html,*/*"), SCHEMES)
    assert response.status_code == 303
    target = urlsplit(response.headers["location"])
    assert (target.scheme, target.netloc, target.path) == ("", "", "/login")
    assert parse_qs(target.query)["next"] == ["/a%20b/%C3%BC?x=1&y=%20"]
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "asked",
    [
        connection("POST", accept="text/html"),
        connection(accept="application/json"),
        connection(),
        connection(accept="text/html", sec_fetch_mode="cors"),
        connection(type="websocket", accept="text/html"),
        connection(path="/login", accept="text/html"),
    ],
)
def test_nobody_else_is(asked: Any) -> None:
    assert ANSWERS.missing(asked, SCHEMES).status_code == 401
    assert Answers("api").missing(connection(accept="text/html"), SCHEMES).status_code == 401


def test_bad_credentials_are_never_sent_to_the_login_page() -> None:
    assert ANSWERS.rejected(Rejected("bad"), BEARER, SCHEMES).status_code == 401

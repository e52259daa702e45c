"""API keys."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from pegboard.requests import HTTPConnection
from pegboard_auth.api_keys import APIKeys, LookedUpAPIKeys
from pegboard_auth.refusals import Rejected
from pegboard_auth.tokens import Grant, digest_of

NOW = 1_800_000_000.0
OLD, NEW = "acme.old-secret-old-secret", "acme.new-secret-new-secret"
KEYS = [
    ("acme", Grant(digest_of(OLD), "acme", ["read"], expires=datetime.fromtimestamp(NOW + 10, UTC))),
    ("acme", Grant(digest_of(NEW), "acme", ["read", "write"])),
]


def scheme(now: float = NOW, query: str | None = None) -> APIKeys:
    return APIKeys(KEYS, "x-api-key", query, clock=lambda: now)


def connection(*keys: bytes, query: bytes = b"") -> HTTPConnection:
    headers = [(b"x-api-key", key) for key in keys]
    return HTTPConnection({"type": "http", "headers": headers, "query_string": query})


def test_while_a_key_is_replaced_both_count() -> None:
    assert scheme().authenticate(connection(OLD.encode())).scopes == {"read"}
    access = scheme().authenticate(connection(NEW.encode()))
    assert (access.identity, access.scheme, access.scopes, access.when) == ("acme", "api-key", {"read", "write"}, NOW)


def test_the_old_key_expires_and_the_new_one_stays() -> None:
    assert scheme(NOW + 10).authenticate(connection(NEW.encode())).identity == "acme"
    with pytest.raises(Rejected, match="expired"):
        scheme(NOW + 10).authenticate(connection(OLD.encode()))


def test_without_a_key_it_is_no_business_of_the_scheme() -> None:
    assert scheme().authenticate(connection()) is None


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"acme",
        b"acme.",
        b".old-secret-old-secret",
        b"acme.other-secret-other",
        b"other." + OLD.encode()[5:],
        OLD.encode() + b".",
        OLD.encode() + b" ",
        b"ACME" + OLD.encode()[4:],
        b"x" * 65 + b".y",
        b"acme." + b"x" * 600,
        b"acme.\xff",
        b"acme.a\x00",
    ],
)
def test_a_key_that_does_not_count_is_rejected(key: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        scheme().authenticate(connection(key))
    assert caught.value.status_code == 401
    assert "secret" not in caught.value.reason


def test_several_keys_are_a_bad_request() -> None:
    with pytest.raises(Rejected) as caught:
        scheme().authenticate(connection(OLD.encode(), NEW.encode()))
    assert caught.value.status_code == 400


def test_the_query_string_counts_only_where_it_is_allowed() -> None:
    query = b"key=" + NEW.encode()
    assert scheme().authenticate(connection(query=query)) is None
    assert scheme(query="key").authenticate(connection(query=query)).identity == "acme"
    assert scheme(query="key").authenticate(connection(NEW.encode())).identity == "acme"
    assert scheme(query="key").authenticate(connection()) is None


@pytest.mark.parametrize("query", [b"key=a&key=b", b"key=" + NEW.encode()])
def test_a_key_in_two_places_is_a_bad_request(query: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        scheme(query="key").authenticate(connection(NEW.encode(), query=query))
    assert caught.value.status_code == 400


@pytest.mark.parametrize("query", [b"key=", b"key=%ff%fe", b"key=%ed%a0%80", b"key=\xff", b"key=%00"])
def test_an_odd_key_in_the_query_string_is_rejected(query: bytes) -> None:
    with pytest.raises(Rejected):
        scheme(query="key").authenticate(connection(query=query))


def by_cookie(value: str, method: str = "GET", **headers: bytes) -> Any:
    keys = APIKeys(KEYS, cookie="__Host-key", trusted=["https://partner.example"], clock=lambda: NOW)
    pairs = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    cookie = (b"cookie", b"a=b; __Host-key=" + value.encode("latin-1"))
    return keys.authenticate(HTTPConnection({"type": "http", "method": method, "headers": [cookie, *pairs]}))


def test_a_cookie_counts_only_where_it_is_named() -> None:
    assert by_cookie(NEW).identity == "acme"
    request = HTTPConnection({"type": "http", "method": "GET", "headers": [(b"cookie", b"x-api-key=" + NEW.encode())]})
    assert scheme().authenticate(request) is None
    assert APIKeys(KEYS, cookie="other").authenticate(request) is None


def test_a_key_sent_on_purpose_goes_before_the_cookie() -> None:
    assert (
        by_cookie("acme.bad-bad-bad", "POST", x_api_key=NEW.encode(), sec_fetch_site=b"cross-site").identity == "acme"
    )
    with pytest.raises(Rejected, match="unknown"):
        by_cookie(NEW, x_api_key=b"acme.bad-bad-bad")


def test_a_cookie_sent_by_another_sites_page_is_refused_even_when_its_key_is_good() -> None:
    for value in (NEW, "acme.bad-bad-bad"):
        with pytest.raises(Rejected, match="another site") as caught:
            by_cookie(value, "POST", sec_fetch_site=b"cross-site")
        assert (caught.value.status_code, caught.value.error) == (403, None)
    assert by_cookie(NEW, "POST", sec_fetch_site=b"same-origin").identity == "acme"
    assert by_cookie(NEW, "POST", sec_fetch_site=b"cross-site", origin=b"https://partner.example").identity == "acme"
    assert by_cookie(NEW, "GET", sec_fetch_site=b"cross-site").identity == "acme"


@pytest.mark.parametrize("value", ["", '"', "\xff", "acme.x", '"acme.\\303"'])
def test_an_odd_key_in_a_cookie_is_rejected(value: str) -> None:
    with pytest.raises(Rejected):
        by_cookie(value)


def test_the_challenge_names_the_header() -> None:
    assert scheme().challenge("api", "invalid_token") == 'ApiKey realm="api", header="x-api-key"'


async def later(prefix: str) -> Iterable[Grant]:
    return [Grant(digest_of("db.from-the-database-xx"), f"{prefix}-user")]


def at_once(prefix: str) -> Any:
    return [Grant(digest_of("db.from-the-database-xx"), f"{prefix}-user")] if prefix == "db" else None


@pytest.mark.anyio
@pytest.mark.parametrize("lookup", [later, at_once])
async def test_keys_may_be_looked_up_by_prefix(lookup: Any) -> None:
    keys = LookedUpAPIKeys(KEYS, lookup=lookup, clock=lambda: NOW)
    assert (await keys.authenticate(connection(b"db.from-the-database-xx"))).identity == "db-user"
    assert (await keys.authenticate(connection(NEW.encode()))).identity == "acme"
    assert await keys.authenticate(connection()) is None
    for bad in (b"db.another-key-another", b"acme.another-key-another", b"db"):
        with pytest.raises(Rejected):
            await keys.authenticate(connection(bad))


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def test_a_key_is_remembered_until_it_expires_and_not_longer() -> None:
    clock = Clock()
    keys = APIKeys(KEYS, clock=clock)
    assert keys.authenticate(connection(OLD.encode())) is keys.authenticate(connection(OLD.encode()))
    assert keys.authenticate(connection(NEW.encode())) is keys.authenticate(connection(NEW.encode()))
    clock.now += 10
    assert keys.authenticate(connection(NEW.encode())).identity == "acme"
    with pytest.raises(Rejected, match="expired"):
        keys.authenticate(connection(OLD.encode()))


def test_a_remembered_key_beside_another_is_no_better_than_a_new_one() -> None:
    keys = scheme()
    keys.authenticate(connection(NEW.encode()))
    with pytest.raises(Rejected, match="several"):
        keys.authenticate(connection(NEW.encode(), OLD.encode()))


@pytest.mark.anyio
async def test_a_key_that_is_looked_up_is_looked_up_each_time() -> None:
    found = [Grant(digest_of("k.a-secret-of-the-tests"), "ann")]
    keys = LookedUpAPIKeys([], lookup=lambda prefix: found, clock=lambda: NOW)
    assert (await keys.authenticate(connection(b"k.a-secret-of-the-tests"))).identity == "ann"
    found.clear()
    with pytest.raises(Rejected, match="unknown key"):
        await keys.authenticate(connection(b"k.a-secret-of-the-tests"))

"""Tokens and keys as digests."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from pegboard_auth.refusals import Rejected
from pegboard_auth.tokens import Grant, TokenTable, digest_of, new_key, new_token, parse_digest, pick


def test_a_stored_digest_is_that_of_the_token() -> None:
    assert parse_digest(digest_of("a-token")) == sha256(b"a-token").digest()


def test_a_digest_may_be_written_in_capitals_and_with_blanks_around() -> None:
    assert parse_digest(f" {digest_of('a').upper()}\n") == sha256(b"a").digest()


@pytest.mark.parametrize("text", ["", "hunter2", "sha256:", "sha256:" + "0" * 63, "sha256:" + "g" * 64, "0" * 64])
def test_what_is_no_digest_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits") as caught:
        parse_digest(text)
    assert "hunter2" not in str(caught.value)


def test_new_tokens_and_keys_are_long_and_never_the_same() -> None:
    assert new_token() != new_token()
    assert len(new_token()) >= 43
    assert new_key("acme").startswith("acme.")
    assert len(new_key("acme")) >= len("acme.") + 43


def test_a_table_finds_grants_by_digest() -> None:
    grant = Grant(digest_of("one"), "ann")
    table = TokenTable([grant, Grant(digest_of("two"), "bob")])
    assert table.find(sha256(b"one").digest()) is grant
    assert table.find(sha256(b"three").digest()) is None
    assert len(table) == 2


def test_a_grant_gives_access_until_it_expires() -> None:
    end = datetime(2027, 1, 1, tzinfo=UTC)
    grant = Grant(digest_of("one"), "ann", ["read"], ["ops"], end)
    access = grant.access("bearer", end.timestamp() - 1)
    assert (access.identity, access.scheme) == ("ann", "bearer")
    assert access.scopes == {"read"}
    assert access.roles == {"ops"}
    assert (access.when, access.expires) == (end.timestamp() - 1, end.timestamp())
    with pytest.raises(Rejected) as caught:
        grant.access("bearer", end.timestamp())
    assert caught.value.identity == "ann"


def test_of_several_candidates_the_one_with_the_digest_is_picked() -> None:
    old, new = Grant(digest_of("old"), "ann"), Grant(digest_of("new"), "ann")
    assert pick([old, new], old.digest) is old
    assert pick([old, new], new.digest) is new
    assert pick([old, new], bytes(32)) is None
    assert pick([], old.digest) is None


def test_a_grant_does_not_show_its_digest() -> None:
    assert repr(Grant(digest_of("one"), "ann")) == "Grant(User('ann'))"

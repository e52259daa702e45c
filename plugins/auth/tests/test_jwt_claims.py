"""What claims must say."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_auth.identity import Access
from pegboard_auth.jwt_claims import ClaimRules, judge
from pegboard_auth.refusals import Rejected

NOW = 1_800_000_000.0
RULES = ClaimRules(issuer="https://issuer.example", audience=frozenset({"api", "api2"}), leeway=10)
GOOD: dict[str, Any] = {"iss": "https://issuer.example", "aud": "api", "sub": "ann", "exp": NOW + 60}


def judged(**changed: Any) -> Access:
    return judge({**GOOD, **changed}, RULES, NOW)


def test_good_claims_give_who_what_and_until_when() -> None:
    access = judged(scope="read write", scp=["admin"], roles=["editor"], extra={"a": 1})
    assert access.identity == "ann"
    assert access.is_authenticated
    assert access.scheme == "bearer"
    assert access.scopes == {"read", "write", "admin"}
    assert access.roles == {"editor"}
    assert access.claims["extra"] == {"a": 1}
    assert (access.when, access.expires) == (NOW, NOW + 60)


def test_claims_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        judged().claims["sub"] = "eve"  # type: ignore[index]


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": NOW - 9},
        {"exp": int(NOW)},
        {"nbf": NOW + 10, "iat": NOW + 10},
        {"nbf": 0},
        {"aud": ["other", "api2"]},
        {"scope": ""},
        {"scope": "  read   write  "},
        {"scp": "read write"},
        {"scope": []},
        {"roles": "one"},
        {"sub": "x" * 255},
    ],
)
def test_claims_at_the_edge_of_what_is_allowed_count(changed: dict[str, Any]) -> None:
    assert judged(**changed).is_authenticated


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "exp"])
def test_a_claim_that_must_be_there_is_missed(missing: str) -> None:
    with pytest.raises(Rejected):
        judge({name: value for name, value in GOOD.items() if name != missing}, RULES, NOW)


NO_DATES: list[Any] = [
    None,
    True,
    "1800000060",
    [],
    {},
    -1,
    10**400,
    -(10**400),
    1e308,
    float("inf"),
    float("nan"),
    253402300800,
]


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", NO_DATES, ids=lambda value: str(value)[:20])
def test_a_date_that_is_none_is_refused(name: str, value: Any) -> None:
    with pytest.raises(Rejected):
        judged(**{name: value})


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": NOW - 10},
        {"nbf": NOW + 10.1},
        {"iat": NOW + 10.1},
        {"iss": "https://issuer.example/"},
        {"iss": ["https://issuer.example"]},
        {"iss": None},
        {"aud": "other"},
        {"aud": []},
        {"aud": ["api", 1]},
        {"aud": {"api": 1}},
        {"aud": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": None},
        {"sub": ["ann"]},
        {"sub": "ann\nadmin"},
        {"sub": "ann\x00"},
        {"sub": "ann\u202e"},
        {"sub": "x" * 256},
        {"scope": None},
        {"scope": 1},
        {"scope": {"read": 1}},
        {"scope": ["read", 1]},
        {"scp": [["read"]]},
        {"roles": {"admin": True}},
        {"roles": [None]},
    ],
    ids=str,
)
def test_claims_that_do_not_fit_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as caught:
        judged(**changed)
    assert (caught.value.status_code, caught.value.error) == (401, "invalid_token")


def test_other_claims_may_be_the_identity_and_the_roles() -> None:
    rules = ClaimRules(issuer="i", audience=frozenset("a"), identity_claim="client_id", roles_claim="groups")
    access = judge({"iss": "i", "aud": "a", "exp": NOW + 1, "client_id": "job", "groups": ["ops"]}, rules, NOW)
    assert access.identity == "job"
    assert access.roles == {"ops"}


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "nbf", "iat", "scope", "scp", "roles"]), VALUES))
def test_no_claims_raise_anything_but_rejected(changed: dict[str, Any]) -> None:
    with contextlib.suppress(Rejected):
        judged(**changed)

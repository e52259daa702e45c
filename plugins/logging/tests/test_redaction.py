"""Secrets stay inside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_logging.redaction import MARK, SECRET_HEADERS, SECRET_NAMES, Redaction

REDACTION = Redaction(["X-Mine"], ["pin"])


@pytest.mark.parametrize("name", [*sorted(SECRET_HEADERS), "Authorization", "set-cookie", "X-Api-Key", "x-mine"])
def test_values_of_secret_headers_are_replaced(name: str) -> None:
    assert REDACTION.header(name, "s3cret") == MARK


def test_values_of_other_headers_stay() -> None:
    assert REDACTION.header("accept", "*/*") == "*/*"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ""),
        ("q=token", "q=token"),
        ("token=abc", f"token={MARK}"),
        ("a=1&token=abc&b=2", f"a=1&token={MARK}&b=2"),
        ("a=1;token=abc;b=2", f"a=1;token={MARK};b=2"),
        ("TOKEN=abc", f"TOKEN={MARK}"),
        ("access-token=abc", f"access-token={MARK}"),
        ("p%61ssword=abc", f"p%61ssword={MARK}"),
        ("token=a=b", f"token={MARK}"),
        ("token", "token"),
        ("pin=1234", f"pin={MARK}"),
        ("tokens=abc", "tokens=abc"),
        ("token=a&token=b", f"token={MARK}&token={MARK}"),
    ],
)
def test_values_of_secret_parameters_are_replaced(query: str, expected: str) -> None:
    assert REDACTION.query(query) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a?q=1", "https://example.org/a?q=1"),
        ("https://ada:pw@example.org/", "https://example.org/"),
        ("//ada:pw@example.org/", "//example.org/"),
        ("https://example.org/?token=abc#x", f"https://example.org/?token={MARK}#x"),
        ("https://example.org/#access_token=abc", f"https://example.org/#access_token={MARK}"),
        ("https://example.org/?a=1#id_token=abc", f"https://example.org/?a=1#id_token={MARK}"),
        ("/path/with@sign", "/path/with@sign"),
    ],
)
def test_a_url_loses_its_user_and_its_secret_parameters(url: str, expected: str) -> None:
    assert REDACTION.url(url) == expected


def test_bound_fields_are_redacted_at_every_depth() -> None:
    fields = {"password": "x", "a": {"token": "y", "b": [{"api-key": "z", "c": 1}]}}
    assert REDACTION.fields(fields) == {"password": MARK, "a": {"token": MARK, "b": [{"api-key": MARK, "c": 1}]}}


@given(
    st.sampled_from(sorted(SECRET_NAMES)), st.text(st.characters(codec="ascii", exclude_characters="&;"), min_size=1)
)
def test_no_value_of_a_secret_parameter_survives(name: str, value: str) -> None:
    assert REDACTION.query(f"a=1&{name}={value}&b=2") == f"a=1&{name}={MARK}&b=2"


HEADERS = [
    (b"authorization", b"Bearer abc.def-123"),
    (b"cookie", b'session="kept-secret"; b=1'),
    (b"x-api-key", b"c2VjcmV0LWtleQ=="),
    (b"proxy-authorization", b'Digest username="ada", response="digest-secret"'),
    (b"x-request-id", b"public-id"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nothing to hide: code=1 key=2", "nothing to hide: code=1 key=2"),
        ("GET https://x/?a=1&Token=abc failed", f"GET https://x/?a=1&Token={MARK} failed"),
        ("/cb?code=abc#x", f"/cb?code={MARK}#x"),
        ("postgres://ada:pw@db/shop", "postgres://db/shop"),
        ("Authorization: Basic YWRh\nHost: x", f"Authorization: {MARK}\nHost: x"),
        ("{'X-API-Key': 'abc', 'a': 'b'}", f"{{'X-API-Key': {MARK}, 'a': 'b'}}"),
        ("[(b'cookie', b'abc'), (b'a', b'b')]", f"[(b'cookie', b{MARK}), (b'a', b'b')]"),
        ("bad token 'abc.def-123'", f"bad token '{MARK}'"),
        ("bad token 'Bearer abc.def-123'", f"bad token '{MARK}'"),
        ("no session kept-secret", f"no session {MARK}"),
        ("no session in the session store", "no session in the session store"),
        ("an opaque key c2VjcmV0LWtleQ==", f"an opaque key {MARK}"),
        ("a key of digest-secret", f"a key of {MARK}"),
        ("Bearer tokens are wanted by public-id", "Bearer tokens are wanted by public-id"),
    ],
)
def test_secrets_that_stand_in_others_texts_are_replaced(text: str, expected: str) -> None:
    assert REDACTION.text(text, HEADERS) == expected


@given(
    st.sampled_from(sorted(SECRET_HEADERS)),
    st.text(st.characters(codec="ascii", exclude_characters="\r\n"), min_size=12),
    st.text(max_size=10),
)
def test_no_value_of_a_secret_header_survives_in_a_text(name: str, value: str, text: str) -> None:
    raw = [(name.replace("_", "-").encode(), value.encode())]
    assert value not in REDACTION.text(f"{text}{value}{text}", raw)

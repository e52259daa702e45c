"""What schemes share."""

import pytest

from pegboard.requests import HTTPConnection
from pegboard_auth.refusals import Rejected
from pegboard_auth.schemes import Scheme, authorization, decode_base64


def connection(*headers: tuple[bytes, bytes]) -> HTTPConnection:
    return HTTPConnection({"type": "http", "headers": list(headers)})


@pytest.mark.parametrize(
    ("value", "credentials"),
    [
        (b"Bearer abc", b"abc"),
        (b"bearer abc", b"abc"),
        (b"BEARER abc", b"abc"),
        (b"Bearer   abc  ", b"abc"),
        (b"Bearer", b""),
        (b"Bearer ", b""),
        (b"Bearer a b", b"a b"),
        (b"Bearerabc", None),
        (b"Bearer\tabc", None),
        (b"Basic abc", None),
        (b"", None),
        (b" Bearer abc", None),
        (b"\xff\xfe", None),
    ],
)
def test_credentials_are_those_behind_the_schemes_name(value: bytes, credentials: bytes | None) -> None:
    assert authorization(connection((b"authorization", value)), b"bearer") == credentials


def test_without_the_header_there_are_no_credentials() -> None:
    assert authorization(connection((b"accept", b"*/*")), b"bearer") is None


@pytest.mark.parametrize("values", [(b"Bearer a", b"Bearer a"), (b"Basic x", b"Bearer a"), (b"", b"Bearer a")])
def test_several_headers_are_a_bad_request_whatever_they_hold(values: tuple[bytes, ...]) -> None:
    with pytest.raises(Rejected) as caught:
        authorization(connection(*((b"authorization", value) for value in values)), b"bearer")
    assert (caught.value.status_code, caught.value.error) == (400, "invalid_request")


def test_base64_is_read_strictly() -> None:
    assert decode_base64(b"YTpi") == b"a:b"
    for text in (b"YTpi=", b"YR==", b"YTp", b"YT pi", b"YTpi\n", b"YTp_", b"\xff"):
        with pytest.raises(ValueError, match="base64"):
            decode_base64(text)


def test_a_scheme_has_to_say_how_it_authenticates() -> None:
    with pytest.raises(NotImplementedError):
        Scheme().authenticate(connection())
    assert Scheme().challenge("realm") is None

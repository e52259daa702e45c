"""What schemes share."""

import anyio
import pytest

from pegboard.requests import HTTPConnection
from pegboard_auth.schemes import Scheme, credentials_of, decode_base64, running, several


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
    assert credentials_of(value, b"bearer") == credentials


def test_several_headers_are_a_bad_request() -> None:
    assert (several().status_code, several().error) == (400, "invalid_request")


def test_base64_is_read_strictly() -> None:
    assert decode_base64(b"YTpi") == b"a:b"
    for text in (b"YTpi=", b"YR==", b"YTp", b"YT pi", b"YTpi\n", b"YTp_", b"\xff"):
        with pytest.raises(ValueError, match="base64"):
            decode_base64(text)


def test_a_scheme_has_to_say_how_it_authenticates() -> None:
    with pytest.raises(NotImplementedError):
        Scheme().authenticate(HTTPConnection({"type": "http", "headers": []}))
    assert Scheme().challenge("realm") is None


class Busy(Scheme):
    """Runs beside the requests until it is cancelled."""

    name = "busy"

    def __init__(self) -> None:
        self.state = "new"

    async def run(self) -> None:
        self.state = "running"
        try:
            await anyio.sleep_forever()
        finally:
            self.state = "stopped"


@pytest.mark.anyio
async def test_what_schemes_do_beside_the_requests_runs_as_long_as_the_board() -> None:
    busy = Busy()
    async with running([busy, Scheme()]):
        await anyio.wait_all_tasks_blocked()
        assert busy.state == "running"
    assert busy.state == "stopped"


@pytest.mark.anyio
async def test_what_ends_the_board_is_not_put_into_a_group_of_exceptions() -> None:
    busy = Busy()

    async def board() -> None:
        async with running([busy]):
            await anyio.wait_all_tasks_blocked()
            raise ValueError("the board has failed")

    with pytest.raises(ValueError, match="the board has failed"):
        await board()
    assert busy.state == "stopped"

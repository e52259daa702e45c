"""Client addresses behind proxies, and without their host part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pegboard_logging.addresses import Trusted, truncated

PROXIES = Trusted(["10.0.0.0/8", "2001:db8::/32"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        (None, [b"192.0.2.9"], None),
        # Whoever is not trusted is not believed.
        ("192.0.2.1", [b"192.0.2.9"], "192.0.2.1"),
        ("unix", [b"192.0.2.9"], "unix"),
        ("10.0.0.1", [b"192.0.2.9"], "192.0.2.9"),
        # The first from the right that is no trusted proxy; what a client wrote to the left of it does not count.
        ("10.0.0.1", [b"6.6.6.6, 192.0.2.9, 10.0.0.2"], "192.0.2.9"),
        ("10.0.0.1", [b"6.6.6.6", b"192.0.2.9"], "192.0.2.9"),
        ("10.0.0.1", [b"10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        # What is no address ends the search.
        ("10.0.0.1", [b"192.0.2.9, evil\r\n, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [b""], "10.0.0.1"),
        ("10.0.0.1", [b"192.0.2.9:4711"], "192.0.2.9"),
        ("10.0.0.1", [b"[2001:db9::1]:4711"], "2001:db9::1"),
        ("2001:db8::1", [b"2001:db9::1"], "2001:db9::1"),
        # An interface's name is the proxy's own, and may be any text.
        ("10.0.0.1", [b"fe80::1%eth0"], "fe80::1"),
        ("10.0.0.1", [b"2001:db9::1%\x1b[31m"], "2001:db9::1"),
        # A mapped address is the IPv4 address it stands for.
        ("::ffff:10.0.0.1", [b"::ffff:192.0.2.9"], "192.0.2.9"),
    ],
)
def test_only_trusted_proxies_say_who_the_client_is(
    peer: str | None, forwarded: list[bytes], client: str | None
) -> None:
    assert PROXIES.client(peer, forwarded) == client


def test_without_networks_nobody_is_trusted() -> None:
    assert not Trusted([])
    assert PROXIES


def test_a_long_chain_is_looked_at_only_so_far() -> None:
    assert PROXIES.client("10.0.0.1", [b"192.0.2.9" + b", 10.0.0.2" * 100_000]) == "10.0.0.2"


@pytest.mark.parametrize("network", ["10.0.0.1/8", "example.org", "", "10.0.0.0/33"])
def test_what_is_no_network_is_refused(network: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Trusted([network])


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.77", "192.0.2.0"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
        ("::ffff:192.0.2.77", "192.0.2.0"),
        ("testclient", "-"),
    ],
)
def test_a_truncated_address_names_the_network_only(address: str, expected: str) -> None:
    assert truncated(address) == expected


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_whatever_is_forwarded_there_is_an_answer(values: list[bytes]) -> None:
    assert isinstance(PROXIES.client("10.0.0.1", values), str)

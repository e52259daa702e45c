"""A host pattern that no request can be for is refused with the fix, and names are read as a Host header means them."""

from __future__ import annotations

from typing import Any

import pytest

from pegboard.convertors import Convertor
from pegboard.routing import Host
from pegboard.routing.host_names import host_name, match_host
from pegboard.routing.scanning import Param
from pegboard.routing.templates import Template, TemplateError


@pytest.mark.parametrize(
    ("host", "fix"),
    [
        ("api.org:8000", "Leave the scheme and the port out"),
        ("{sub}.org:8000", "Leave the scheme and the port out"),
        ("http://x", "A host has neither scheme nor path"),
        ("/x", "A host has neither scheme nor path"),
        ("", "Name one"),
        ("*.org", "Write a parameter in its place"),
        ("bücher.example", "Write it in ASCII"),
        ("a b", "Write it in ASCII"),
        ("[::1]:80", "An IPv6 address stands in brackets, with nothing behind them"),
        ("[::zz]", "An IPv6 address stands in brackets"),
    ],
)
def test_what_no_request_can_be_for_is_refused(host: str, fix: str) -> None:
    with pytest.raises(TemplateError, match="in the host") as caught:
        Host(host, routes=[])
    assert fix in caught.value.hint


@pytest.mark.parametrize("host", ["api.example.org", "API.example.org", "{sub}.example.org", "{host}", "[::1]", "a_b"])
def test_what_a_request_can_be_for_is_taken(host: str) -> None:
    assert Host(host, routes=[]).host == host


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"Example.ORG:80", "example.org"),
        (b"example.org:", ""),
        (b"[::1]:80", "[::1]"),
        (b"example.org/x", ""),
        (b"", ""),
        (b"a." * 126 + b"org:65535", "a." * 126 + "org"),
        (b"a." * 126 + b"orgs:65535", ""),
        (b"a-" * 30_000 + b".org", ""),
        (None, ""),
    ],
)
def test_the_name_is_without_port_and_case_and_empty_when_malformed(header: bytes | None, name: str) -> None:
    headers = [] if header is None else [(b"host", header)]
    assert host_name({"headers": headers}) == name


def test_a_convertor_that_declines_makes_no_match() -> None:
    class Even(Convertor[int]):
        regex = "[0-9]+"

        def convert(self, value: str) -> int:
            if int(value) % 2:
                raise ValueError("odd")
            return int(value)

    even: Any = Even()
    template = Template("", ("n", Param("n", even, 0)), {"n": even}, is_host=True)
    assert match_host(template, "n4") == {"n": 4}
    assert match_host(template, "n5") is None
    assert match_host(template, "x") is None

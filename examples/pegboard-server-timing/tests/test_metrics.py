"""Metrics are written so that every header can carry them."""

import pytest

from pegboard_server_timing import Metrics
from pegboard_server_timing.metrics import MAX_DESCRIPTION, quoted


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0.0125, "12.5"), (1.0, "1000"), (0.0000004, "0"), (0.000001, "0.001"), (-1.0, "0")],
)
def test_durations_are_milliseconds(seconds: float, written: str) -> None:
    metrics = Metrics(0.0, 5)
    metrics.add("db", seconds)
    assert metrics.header() == f"db;dur={written}"


def test_times_of_one_name_add_up_in_the_order_of_names() -> None:
    metrics = Metrics(0.0, 5)
    for name, seconds, text in (("b", 0.001, ""), ("a", 0.002, "first"), ("b", 0.003, "later"), ("a", 0.0, "other")):
        metrics.add(name, seconds, text)
    assert metrics.header() == 'b;dur=4;desc="later", a;dur=2;desc="first"'
    assert metrics.header(descriptions=False) == "b;dur=4, a;dur=2"


def test_metrics_above_the_limit_are_left_out() -> None:
    metrics = Metrics(0.0, 1)
    metrics.add("a", 0.001)
    metrics.add("b", 0.001)
    metrics.add("a", 0.001)
    assert metrics.header() == "a;dur=2"


@pytest.mark.parametrize("name", ["", "two words", "a,b", "a;b", 'a"', "ä", "a\n"])
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a metric"):
        Metrics(0.0, 5).add(name, 0.0)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("two queries", '"two queries"'),
        ('say "hi"', r'"say \"hi\""'),
        ("back\\slash", r'"back\\slash"'),
        ("a, b; c", '"a, b; c"'),
        ("line\r\nx-header: 1", '"line??x-header: 1"'),
        ("naïve", '"na?ve"'),
        ("x" * 500, '"' + "x" * MAX_DESCRIPTION + '"'),
    ],
)
def test_descriptions_are_quoted_and_escaped(text: str, written: str) -> None:
    assert quoted(text) == written

"""Every check passes for a plugin that keeps the contract, and fails for one that breaks just that."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import broken_plugins as broken
import pytest

from pegboard import Outcome, Plugin
from pegboard.outcome import OutcomeKind
from pegboard.testing import Conversation, conformance_suite
from pegboard.testing.conformance import leaks, walking
from pegboard.testing.conformance.checks import Check, Nonconformity
from pegboard.testing.conformance.judging import judge
from pegboard.testing.conformance.paths import EXIT_PATHS
from pegboard.testing.conformance.report import entry, table, tier_of
from pegboard.testing.conformance.subjects import Subject, subject_of
from pegboard.testing.conformance.suite import CHECKS
from pegboard.testing.conformance.walking import Trail

BY_NAME = {check.name: check for check in CHECKS}

# For each check what breaks it, and a word that the failure says.
BREAKERS: list[tuple[str, type[Plugin[Any]], str]] = [
    ("starts", broken.BadName, "two words"),
    ("answers", broken.SILENT, "was not answered"),
    ("lives-again", broken.LivesOnce, "a second life"),
    ("stops-when-others-fail", broken.ALWAYS_UP, "the board started"),
    ("reaches-endpoints", broken.Refuses, "answered by the plugin itself, with 403"),
    *((path.name, broken.FailsAtTheEnd, "at the end") for path in EXIT_PATHS),
    ("answer", broken.CAPITALS, "ASGI"),
    ("answer", broken.SHOUTS, "the content went out as"),
    ("answer", broken.TEAPOT, "the status is 418"),
    ("answer", broken.ASKS_TWICE, "were told 2 ends"),
    ("stream", broken.FilterFailsToClose, "cannot close"),
    ("unhandled-exception-500", broken.SWALLOWS_ERRORS, "the server is left with None"),
    ("foreign-apps-are-transparent", broken.NO_COOKIES, "set-cookie"),
    ("foreign-apps-are-transparent", broken.OTHER_QUERY, "query_string"),
    ("foreign-apps-are-transparent", broken.NO_EXTENSIONS, "extensions"),
    ("foreign-apps-are-transparent", broken.LOUD_REQUESTS, "received"),
    ("stream", broken.MERGES, "the content went out as"),
    ("cancelled-while-waiting", broken.SWALLOWS_CANCELLATION, "the cancellation was swallowed"),
    ("blocks-nothing", broken.Blocks, "time.sleep"),
    ("blocks-nothing", broken.BlocksAndHidesIt, "time.sleep"),
    ("blocks-nothing", broken.BlocksAtTheHead, "time.sleep"),
    ("requests-leave-nothing", broken.KeepsRequests, "request objects"),
    ("requests-leave-nothing", broken.KeepsTasks, "running tasks"),
    ("requests-leave-nothing", broken.KeepsContexts, "contexts"),
    ("requests-leave-nothing", broken.KeepsFiles, "open files"),
    ("requests-leave-nothing", broken.KeepsThreads, "threads"),
    ("the-shutdown-leaves-nothing", broken.LeavesThread, "the thread 'left'"),
    ("the-shutdown-leaves-nothing", broken.LeavesFile, "still open"),
    ("the-shutdown-leaves-nothing", broken.LeavesTask, "the task 'left'"),
    ("refuses-unknown-keys", broken.HidesItsSettings, "no_such_key"),
    ("refuses-wrong-types", broken.TakesAnything, "value"),
    ("has-a-schema", broken.ExplainsNothing, "value"),
    ("is-documented", broken.Keeps, "no installed distribution"),
    ("is-typed", broken.Untyped, "argument 'response' has no annotation"),
    ("is-within-budget", broken.Expensive, "its budget is 60"),
    ("is-within-budget", broken.FailsAtTheHead, "GET / cannot be measured, it raises ValueError"),
]


ELSEWHERE = ("order-decides-nothing", "is-documented", "is-typed")
"""Checks that need other plugins, or a distribution: those of the repository pass them in their own tests."""


@pytest.fixture(autouse=True)
def _release() -> Iterator[None]:
    """What broken plugins leave open is closed, and their threads end."""
    broken.RELEASED.clear()
    yield
    broken.RELEASED.set()
    while broken.OPENED:
        os.close(broken.OPENED.pop())


def failure(name: str, subject: Subject) -> str:
    with pytest.raises(Nonconformity) as failed:
        BY_NAME[name].run(subject)
    return str(failed.value)


@pytest.mark.parametrize(
    ("name", "plugin", "word"), BREAKERS, ids=[f"{name}-{number}" for number, (name, *_) in enumerate(BREAKERS)]
)
def test_a_check_fails_for_the_plugin_that_breaks_it(
    name: str, plugin: type[Plugin[Any]], word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What leaks, leaks on a few paths as well as on all.
    monkeypatch.setattr(leaks, "EXIT_PATHS", EXIT_PATHS[:5])
    assert word in failure(name, subject_of(plugin))


def test_every_check_is_shown_to_fail() -> None:
    """A check that cannot fail says nothing."""
    assert {name for name, *_ in BREAKERS} | {"order-decides-nothing"} == set(BY_NAME)


@pytest.mark.parametrize("check", [check for check in CHECKS if check.name not in ELSEWHERE], ids=str)
def test_a_plugin_that_keeps_the_contract_passes(check: Check) -> None:
    check.run(subject_of(broken.Keeps, backends=("asyncio", "trio")))


@pytest.mark.parametrize(
    ("name", "plugin"),
    [("answer", broken.HANGS), ("endless-stream-gone", broken.BUFFERS)],
    ids=["hangs", "holds-a-stream-back"],
)
def test_a_plugin_that_hangs_is_told(name: str, plugin: type[Plugin], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "LIMIT", 0.1)
    assert "has not ended" in failure(name, subject_of(plugin))


RIVALS = """
from typing import Any

from pegboard import BodyFilter, Plugin, hookimpl


class Shouts(BodyFilter):
    def feed(self, chunk: bytes, more: bool) -> bytes:
        return chunk.upper()


class Greets(BodyFilter):
    first = True

    def feed(self, chunk: bytes, more: bool) -> bytes:
        greeting, self.first = (b"dear " if self.first else b""), False
        return greeting + chunk


class Rival(Plugin):
    name = "rival"

    @hookimpl
    def body(self) -> BodyFilter:
        return Shouts()


class Subject(Plugin):
    name = "subject"

    @hookimpl
    def body(self) -> BodyFilter:
        return Greets()


class Ordered(Subject):
    after = ("rival",)
"""


@pytest.fixture
def rivals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module with plugins of which one is installed, and no other."""
    (tmp_path / "rivals_of_a_test.py").write_text(RIVALS)
    info = tmp_path / "rival-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rival\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pegboard.plugins]\nrival = rivals_of_a_test:Rival\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("pegboard.testing.conformance.pairing.installed_names", lambda: ["rival"])
    yield importlib.import_module("rivals_of_a_test")
    del sys.modules["rivals_of_a_test"]


def test_an_order_that_only_names_decide_must_not_matter(rivals: Any) -> None:
    text = failure("order-decides-nothing", subject_of(rivals.Subject))
    assert "rival, answer: when the two stand in the other order" in text
    assert "dear HELLO" in text


def test_an_order_that_is_asked_for_may_matter(rivals: Any) -> None:
    measured = BY_NAME["order-decides-nothing"].run(subject_of(rivals.Ordered))
    assert measured == "with rival"


# The rules, on trails that no plugin leaves so easily


def trail(kind: str, *messages: str, **more: Any) -> Trail:
    outcome = Outcome(None, cast("OutcomeKind", kind), 200, None, None, 0, 0, 0.0, 0.0, 0.0)
    seen = Conversation(
        {"type": "http"}, [{"type": f"http.response.{each}", "status": 200} for each in messages], **more
    )
    return Trail(EXIT_PATHS[0], seen, [outcome])


PLAIN = trail("sent", "start", "body")


@pytest.mark.parametrize(
    ("left", "word"),
    [
        (trail("sent", "start"), "the outcome is 'sent', and the response is incomplete"),
        (trail("error", "start", "body"), "the outcome is 'error', and the response is complete"),
        (trail("error", "start"), "the outcome is 'error', without the plugin 'sent'"),
        (trail("sent", "start", "body", cancelled=True), "the request was cancelled"),
        (trail("sent", "start", "body", raised=ValueError("x")), "the server is left with ValueError('x')"),
    ],
    ids=["false-success", "false-failure", "failure", "cancelled", "raised"],
)
def test_a_rule_is_broken_in_words(left: Trail, word: str) -> None:
    assert any(word in problem for problem in judge("subject", left, PLAIN))


def test_the_rules_hold_for_two_trails_that_are_alike() -> None:
    assert judge("subject", trail("sent", "start", "body"), PLAIN) == []


# The subject


@pytest.mark.parametrize(
    ("given", "error", "word"),
    [("no-such-plugin", LookupError, "no plugin called 'no-such-plugin'"), (broken.Keeps(), TypeError, "its class")],
    ids=["unknown", "object"],
)
def test_what_is_no_plugin_to_be_made_anew_is_refused(given: Any, error: type[Exception], word: str) -> None:
    with pytest.raises(error, match=word):
        subject_of(given)


def test_an_unknown_tier_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of bronze, silver, gold"):
        conformance_suite(broken.Keeps, tier="platinum")  # type: ignore[arg-type]


def test_an_event_loop_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="'curio' is not installed"):
        conformance_suite(broken.Keeps, backends=("curio",))


def test_without_blockbuster_the_check_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "blockbuster", None)
    assert "install pegboard[testing]" in failure("blocks-nothing", subject_of(broken.Keeps))


# The report


def entries(*failed: str) -> list[dict[str, Any]]:
    subject = subject_of(broken.Keeps)
    found = [entry(subject, check, len(CHECKS)) for check in CHECKS]
    for each in found:
        each["passed"] = each["check"] not in failed
    return found


@pytest.mark.parametrize(
    ("failed", "tier"),
    [((), "gold"), (("is-typed",), "silver"), (("answer", "is-typed"), "bronze"), (("starts",), "none")],
    ids=["gold", "silver", "bronze", "none"],
)
def test_a_tier_is_reached_when_everything_up_to_it_passed(failed: tuple[str, ...], tier: str) -> None:
    assert tier_of(entries(*failed)) == tier


def test_a_part_of_the_checks_gives_no_tier() -> None:
    assert table(entries()[:5])[0] == f"subject: not judged, as only 5 of {len(CHECKS)} checks ran"


def test_the_table_names_what_failed() -> None:
    lines = table(entries("is-typed"))
    assert lines[0] == "subject: silver"
    place = next(number for number, line in enumerate(lines) if line.split()[:2] == ["gold", "types"])
    assert lines[place].split()[2:] == ["0", "of", "1"]
    assert lines[place + 1].strip() == "not: is-typed"

"""The benchmark's command: what it refuses, and that its targets are about what it measures."""

from __future__ import annotations

import pytest
from benchmarks import latencies, run, startup, targets, wire
from benchmarks.cases import every
from benchmarks.rows import Key, Row, Skipped
from benchmarks.verdicts import Fastest

NOT_HERE = {"BlackSheep", "Falcon"}
"""Peers that are not among the test's packages."""


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--write", "--only", "plain"], "--write with --only"),
        (["--write", "--peers", "Pegboard"], "--write with --peers"),
        (["--write", "--quick", "--only", "plain", "--peers", "Pegboard"], "--write with --only and --peers"),
    ],
)
def test_a_part_never_replaces_the_kept_results(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is kept is of all cases and all peers."""
    with pytest.raises(SystemExit) as refused:
        run.parse(arguments)
    assert refused.value.code == 2
    said = capsys.readouterr().err
    assert named in said
    assert "would replace the kept results" in said


def test_a_quick_run_may_be_written() -> None:
    """It has all cases, with fewer rounds."""
    options = run.parse(["--quick", "--write", "--rounds", "12"])
    assert (options.quick, options.write, options.rounds_of(40, 7)) == (True, True, 12)


@pytest.mark.parametrize("arguments", [["--only", "plane"], ["--peers", "Starlet"]])
def test_what_there_is_not_is_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With what there is."""
    with pytest.raises(SystemExit):
        run.parse(arguments)
    assert arguments[1] in capsys.readouterr().err


def test_a_group_of_cases_is_named_by_its_beginning() -> None:
    """A trailing star."""
    options = run.parse(["--only", "cors-*", "--only", "plain"])
    assert [step.name for step in run.STEPS if options.wants(step.name)] == [
        "plain",
        "cors-allowed",
        "cors-other",
        "cors-none",
        "cors-preflight",
    ]


def test_no_two_cases_share_a_name() -> None:
    """Rows are told apart by it."""
    names = [step.name for step in run.STEPS]
    assert sorted(names) == sorted(set(names))


def known_rows() -> set[Key]:
    """Every row that a whole run has."""
    found = {(case.name, each.peer, each.variant) for case in every.CASES for each in case.entrants()}
    found |= {(case.name, each.peer, each.variant) for case in every.FUNCTION_CASES for each in case.functions()}
    found |= {(case.name, *key) for case in startup.CASES for key in case.programs}
    found |= {(case.name, *key) for case in wire.CASES for key in case.entrants.values()}
    return found


def test_every_target_is_about_rows_that_there_are() -> None:
    """A slip in a name would show as "not measured" after an hour."""
    known = known_rows()
    spells = {case.name for case in latencies.CASES}
    missing = []
    for target in targets.TARGETS:
        terms = [target.over, target.under, *((target.floor.over, target.floor.under) if target.floor else ())]
        for term in terms:
            if term is None or isinstance(term, Fastest):
                continue
            keys = [term.of, getattr(term, "less", None)]
            missing += [
                key
                for key in keys
                if key is not None and key not in known and key[0] not in spells and key[1] not in NOT_HERE
            ]
    assert missing == []


def test_who_is_slow_to_start_is_told_with_the_time_that_took() -> None:
    """As measured in the same run; without that, without a figure."""
    left_out = [Skipped("routes", "Falcon", "", run.SLOW), Skipped("plain", "Quart", "", "fails")]
    rows = [Row.of("compile-10000", "Falcon", "", [38_000.0], "ms")]
    assert [each.reason for each in run.explained(left_out, rows)] == [
        "needs 38 seconds for 10,000 fixed paths (compile-10000), so --quick skips it",
        "fails",
    ]
    assert [each.reason for each in run.explained(left_out, [])] == [run.SLOW, "fails"]

"""Measure Pegboard side by side with its peers, in one run: ``python -m benchmarks.run``, or ``make bench``."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from typing import cast

from benchmarks import instructions, machine, report, roster, startup, targets, wire
from benchmarks.cases import basics, growth, hooks, plugins, routing, toolkit, wrapped
from benchmarks.harness import Case, Row, Skipped, measure

CASES: Sequence[Case] = [
    *basics.CASES,
    *toolkit.CASES,
    *growth.CASES,
    *hooks.CASES,
    *plugins.CASES,
    *wrapped.CASES,
    *routing.CASES,
]
PROCESS_CASES = startup.CASES
WIRE_CASES = wire.CASES

ROUNDS, QUICK_ROUNDS = 40, 7


def main() -> int:
    """Run what was asked for, print it, and write the results of a whole run."""
    options = parse()
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    rows: list[Row] = []
    skipped: list[Skipped] = []
    titles: dict[str, str] = {}
    started, sources = time.monotonic(), machine.fingerprint()
    for case in CASES:
        if wanted(case.name, options.only):
            say(f"{case.title} ...")
            titles[case.name] = case.title
            more, left_out = asyncio.run(measure(case, rounds, peers_of(case, options)))
            rows += more
            skipped += left_out
            skipped += slow_ones(case) if options.quick else []
    for process_case in PROCESS_CASES:
        if wanted(process_case.name, options.only):
            say(f"{process_case.title} ...")
            titles[process_case.name] = process_case.title
            more, left_out = startup.measure(
                process_case, options.rounds or (3 if options.quick else 15), options.peers
            )
            rows += more
            skipped += left_out
    for wire_case in WIRE_CASES:
        if wanted(wire_case.name, options.only):
            say(f"{wire_case.title} ...")
            titles[wire_case.name] = wire_case.title
            more, left_out = wire.measure(wire_case, options.rounds or (1 if options.quick else rounds), options.peers)
            rows += more
            skipped += left_out
    if options.callgrind:
        say("Instructions, counted by callgrind ...")
        titles[instructions.NAME] = instructions.TITLE
        rows += instructions.measure(options.peers)
    skipped += [Skipped("all", name, "", f"not installed: {reason}") for name, reason in roster.ABSENT.items()]
    results = report.Results(
        machine.describe(rounds, time.monotonic() - started, sources),
        titles,
        rows,
        skipped,
        targets.judge(rows, titles),
    )
    print(report.markdown(results))
    if machine.fingerprint() != sources:
        say("The sources changed during the run, so these figures are of no one version; nothing was written.")
        return 1
    partial = options.only or options.peers or options.quick
    if not partial or options.write:
        say(f"Written to {report.write(results)}")
    return 0


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds instead of {ROUNDS}, not written")
    parser.add_argument("--rounds", type=int, help="so many samples of each entrant")
    parser.add_argument("--only", metavar="CASE", action="append", help="this case only; a trailing * for a group")
    parser.add_argument("--peers", metavar="NAMES", type=names, help='these only: "Pegboard,Starlette"')
    parser.add_argument("--callgrind", action="store_true", help="count instructions too (needs valgrind; minutes)")
    parser.add_argument("--write", action="store_true", help="write the results even of a part")
    parser.add_argument("--list", action="store_true", help="list the cases and leave")
    options = parser.parse_args()
    known = {case.name: case.title for case in (*CASES, *PROCESS_CASES, *WIRE_CASES)}
    if options.list:
        print("\n".join(f"{name:24} {title}" for name, title in known.items()))
        sys.exit(0)
    for pattern in options.only or ():
        if not any(wanted(name, [pattern]) for name in known):
            parser.error(f"no case is called {pattern!r}; there are {', '.join(known)}")
    unknown = (options.peers or frozenset()) - set(roster.MODULES)
    if unknown:
        parser.error(f"no peer is called {', '.join(sorted(unknown))}; there are {', '.join(roster.MODULES)}")
    if options.callgrind and (problem := instructions.problem()):
        parser.error(problem)
    return options


def peers_of(case: Case, options: argparse.Namespace) -> frozenset[str] | None:
    """The peers that are asked for, None for all: a quick run leaves out those that are slow to start."""
    if not options.quick or not case.slow:
        return cast("frozenset[str] | None", options.peers)
    return (options.peers or frozenset(roster.MODULES)) - case.slow


def slow_ones(case: Case) -> list[Skipped]:
    """The peers that a quick run leaves out of a case."""
    return [Skipped(case.name, peer, "", "takes minutes to start; --quick leaves it out") for peer in sorted(case.slow)]


def names(text: str) -> frozenset[str]:
    """Names between commas."""
    return frozenset(part.strip() for part in text.split(","))


def wanted(name: str, only: Sequence[str] | None) -> bool:
    """Whether a case was asked for."""
    return not only or any(
        name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1])) for pattern in only
    )


def say(text: str) -> None:
    """Tell how far it is, apart from the results."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

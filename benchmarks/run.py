"""Measure Pegboard side by side with its peers, in one run: ``python -m benchmarks.run``, or ``make bench``."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks import (
    calls,
    functions,
    harness,
    instructions,
    latencies,
    machine,
    report,
    roster,
    startup,
    targets,
    verdicts,
    wire,
)
from benchmarks.cases import every
from benchmarks.rows import Row, Skipped

__all__ = ["STEPS", "Options", "Step", "main", "parse"]

ROUNDS, QUICK_ROUNDS = 40, 7
PROCESS_ROUNDS, QUICK_PROCESS_ROUNDS = 15, 3
QUICK_WIRE_ROUNDS = 1

Measured = tuple[list[Row], list[Skipped]]


class Options(argparse.Namespace):
    """What the command line asked for."""

    quick: bool
    rounds: int | None
    only: list[str] | None
    peers: frozenset[str] | None
    write: bool
    list: bool

    def rounds_of(self, whole: int, quick: int) -> int:
        """How many rounds there are: as asked, or as usual in such a run."""
        return self.rounds or (quick if self.quick else whole)

    def wants(self, name: str) -> bool:
        """Whether a case was asked for."""
        return not self.only or any(
            name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1])) for pattern in self.only
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One case of the run, whatever its kind."""

    name: str
    title: str
    measure: Callable[[Options], Measured]


# One function for each kind of case


def in_process(case: harness.Case, options: Options) -> Measured:
    """Applications, asked in this process. A quick run leaves out those that are slow to start."""
    peers, slow = options.peers, case.slow if options.quick else frozenset[str]()
    if slow:
        peers = (peers or frozenset(roster.MODULES)) - slow
    rows, skipped = asyncio.run(harness.measure(case, options.rounds_of(ROUNDS, QUICK_ROUNDS), peers))
    return rows, skipped + [Skipped(case.name, peer, "", SLOW) for peer in sorted(slow)]


def of_functions(case: functions.FunctionCase, options: Options) -> Measured:
    """Functions, called in this process."""
    return asyncio.run(functions.measure(case, options.rounds_of(ROUNDS, QUICK_ROUNDS), options.peers))


def of_latencies(case: latencies.LatencyCase, options: Options) -> Measured:
    """Latencies in spells."""
    return asyncio.run(latencies.measure(case, options.rounds_of(ROUNDS, QUICK_ROUNDS), options.peers))


def in_processes(case: startup.ProcessCase, options: Options) -> Measured:
    """Programs in processes of their own."""
    return startup.measure(case, options.rounds_of(PROCESS_ROUNDS, QUICK_PROCESS_ROUNDS), options.peers)


def over_the_wire(case: wire.WireCase, options: Options) -> Measured:
    """Servers under load."""
    return wire.measure(case, options.rounds_of(ROUNDS, QUICK_WIRE_ROUNDS), options.peers)


SLOW = "takes minutes to start; --quick leaves it out"

STEPS: Sequence[Step] = [
    *(Step(case.name, case.title, partial(in_process, case)) for case in every.CASES),
    *(Step(case.name, case.title, partial(of_functions, case)) for case in every.FUNCTION_CASES),
    *(Step(case.name, case.title, partial(of_latencies, case)) for case in latencies.CASES),
    *(Step(case.name, case.title, partial(in_processes, case)) for case in startup.CASES),
    *(Step(case.name, case.title, partial(over_the_wire, case)) for case in wire.CASES),
    Step(instructions.NAME, instructions.TITLE, lambda options: instructions.measure(options.peers)),
    Step(calls.NAME, calls.TITLE, lambda options: calls.measure(options.peers)),
]


def main() -> int:
    """Run what was asked for, print it, and write the results of a whole run."""
    options = parse(sys.argv[1:])
    if options.list:
        print("\n".join(f"{step.name:24} {step.title}" for step in STEPS))
        return 0
    started, sources = time.monotonic(), machine.fingerprint()
    rows: list[Row] = []
    skipped: list[Skipped] = []
    titles: dict[str, str] = {}
    for step in STEPS:
        if options.wants(step.name):
            say(f"{step.title} ...")
            titles[step.name] = step.title
            more, left_out = step.measure(options)
            rows += more
            skipped += left_out
    skipped = [*explained(skipped, rows), *absent()]
    results = report.Results(
        machine.describe(options.rounds_of(ROUNDS, QUICK_ROUNDS), time.monotonic() - started, sources),
        titles,
        rows,
        skipped,
        verdicts.judge(targets.TARGETS, rows, titles),
    )
    print(report.markdown(results))
    if machine.fingerprint() != sources:
        say("The sources changed during the run, so these figures are of no one version; nothing was written.")
        return 1
    partial_run = options.only or options.peers or options.quick
    if not partial_run or options.write:
        say(f"Written to {report.write(results)}")
    return 0


def explained(skipped: Sequence[Skipped], rows: Sequence[Row]) -> Iterator[Skipped]:
    """Whoever is slow to start, with how long that took where this run has measured it."""
    seconds = {row.peer: row.median / 1000 for row in rows if row.case == "compile-10000"}
    for each in skipped:
        if each.reason == SLOW and each.peer in seconds:
            why = f"needs {seconds[each.peer]:.0f} seconds for 10,000 fixed paths (compile-10000), so --quick skips it"
            yield Skipped(each.case, each.peer, each.variant, why)
        else:
            yield each


def absent() -> Iterator[Skipped]:
    """The peers that are not installed."""
    for name, reason in roster.ABSENT.items():
        yield Skipped("all", name, "", f"not installed: {reason}")


def parse(arguments: Sequence[str]) -> Options:
    """The command line. Exits with a message when it asks for what there is not."""
    parser = argparse.ArgumentParser(prog="benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds instead of {ROUNDS}, not written")
    parser.add_argument("--rounds", type=int, help="so many samples of each entrant")
    parser.add_argument("--only", metavar="CASE", action="append", help="this case only; a trailing * for a group")
    parser.add_argument("--peers", metavar="NAMES", type=names, help='these only: "Pegboard,Starlette"')
    parser.add_argument("--write", action="store_true", help="write the results of a quick run, too")
    parser.add_argument("--list", action="store_true", help="list the cases and leave")
    options = parser.parse_args(arguments, Options())
    if options.write and (options.only or options.peers):
        given = " and ".join(name for name in ("only", "peers") if getattr(options, name))
        parser.error(
            f"--write with --{given.replace(' and ', ' and --')} would replace the kept results of all cases and peers "
            "by a part of them; leave out either"
        )
    for pattern in options.only or ():
        if not any(Options(only=[pattern]).wants(step.name) for step in STEPS):
            parser.error(f"no case is called {pattern!r}; there are {', '.join(step.name for step in STEPS)}")
    unknown = (options.peers or frozenset()) - set(roster.MODULES)
    if unknown:
        parser.error(f"no peer is called {', '.join(sorted(unknown))}; there are {', '.join(roster.MODULES)}")
    return options


def names(text: str) -> frozenset[str]:
    """Names between commas."""
    return frozenset(part.strip() for part in text.split(","))


def say(text: str) -> None:
    """Tell how far it is, apart from the results."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

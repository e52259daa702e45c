"""Silver: next to every other installed plugin, in both orders, the contract still holds.

The order in which plugins are given decides nothing: the board orders them. And where the board's own order between two
plugins is only that of their names, the answers must be the same when the owner swaps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pegboard.exceptions import ConfigurationError
from pegboard.testing.boards import make_board
from pegboard.testing.conformance.checks import Check, Nonconformity
from pegboard.testing.conformance.company import Witness
from pegboard.testing.conformance.judging import keeps_asgi
from pegboard.testing.conformance.paths import PLAIN_PATHS, WEBSOCKETS, ExitPath
from pegboard.testing.conformance.subjects import Subject, installed_names
from pegboard.testing.conformance.walking import Trail, apart, headers_for, run, serving, speak
from pegboard.testing.recording import HookRecorder

__all__ = ["PAIRING"]

PATHS: Sequence[ExitPath] = (*PLAIN_PATHS, *WEBSOCKETS)

Answers = Mapping[str, tuple[Any, ...]]


def pairs_with_all(subject: Subject) -> str:
    """Walk all undisturbed paths with each other plugin, in both orders."""
    others = [name for name in installed_names() if name != subject.name]
    able = [name for name in others if apart(_starts, name, subject)]
    problems = [problem for other in able for problem in run(_pair_problems, subject, other)]
    if problems:
        raise Nonconformity("next to other plugins:\n- " + "\n- ".join(problems))
    unable = [name for name in others if name not in able]
    text = f"with {', '.join(able)}" if able else "no other plugin is installed"
    return text + (f"; without {', '.join(unable)}, which need settings (others={{...}})" if unable else "")


def _starts(name: str, subject: Subject) -> bool:
    try:
        make_board([name], settings=_of(name, subject)).freeze()
    except ConfigurationError:
        return False
    return True


def _of(other: str, subject: Subject) -> dict[str, Any]:
    """The settings of another plugin, if there are any."""
    return {name: given for name, given in subject.others.items() if name == other}


async def _pair_problems(subject: Subject, other: str) -> list[str]:
    names = [subject.name, other]
    problems: list[str] = []
    first = await _answers(subject, other, names, True, problems)
    again = await _answers(subject, other, names, True, problems)
    given_other_way = await _answers(subject, other, names, False, problems)
    swapped = await _answers(subject, other, names[::-1], True, problems)
    unsteady = _unsteady(first, again)
    problems += _differences(other, "are given in the other order", unsteady, first, given_other_way)
    if _only_names_decide(subject, other):
        problems += _differences(other, "stand in the other order", unsteady, first, swapped)
    return list(dict.fromkeys(problems))


async def _answers(
    subject: Subject, other: str, order: Sequence[str], subject_first: bool, problems: list[str]
) -> Answers:
    """What each path is answered with; violations are added to ``problems``."""
    recorder, witness = HookRecorder(), Witness()
    settings = {**_of(other, subject), subject.name: subject.settings}
    given = [subject.make(), other]
    board = make_board(
        [witness, *(given if subject_first else reversed(given))], settings=settings, recorder=recorder, order=order
    )
    answers: dict[str, tuple[Any, ...]] = {}
    async with serving(board) as state:
        for path in PATHS:
            witness.outcomes.clear()
            recorder.clear()
            seen = await speak(board, path, headers_for(subject), state)
            trail = Trail(path, seen, list(witness.outcomes), recorder.calls(), list(board.violations))
            problems += [f"{other}, order {' > '.join(order)}, {path}: {each}" for each in _wrong(subject, trail)]
            body = b"" if path.incoming is not None else seen.body
            answers[path.name] = (seen.status, tuple(sorted(seen.headers)), body, tuple(seen.types))
    return answers


def _wrong(subject: Subject, trail: Trail) -> list[str]:
    problems = list(keeps_asgi(subject.name, trail, trail))
    if len(trail.outcomes) != 1:
        problems.append(f"{len(trail.outcomes)} ends were told")
    return problems + [
        f"hook {call.hook!r} of {call.plugin!r} raised {type(call.error).__name__}: {call.error}"
        for call in trail.calls
        if isinstance(call.error, Exception) and call.plugin == subject.name and not hasattr(call.error, "status_code")
    ]


def _unsteady(first: Answers, again: Answers) -> set[bytes]:
    """The names of headers whose values are others each time, such as those of dates, ids and times."""
    return {name for path in first for name, _ in set(first[path][1]) ^ set(again[path][1])}


def _differences(other: str, how: str, unsteady: set[bytes], first: Answers, second: Answers) -> list[str]:
    return [
        f"{other}, {path}: when the two {how}, {one} becomes {two}"
        for path in first
        if (one := _compared(first[path], unsteady)) != (two := _compared(second[path], unsteady))
    ]


def _compared(answer: tuple[Any, ...], unsteady: set[bytes]) -> tuple[Any, ...]:
    status, headers, body, types = answer
    return status, [(name, b"" if name in unsteady else value) for name, value in headers], body, types


def _only_names_decide(subject: Subject, other: str) -> bool:
    """Whether both are of one phase, and neither asks to stand before or after the other."""
    board = subject.board(other, others=_of(other, subject))
    one, two = (next(member for member in board.plugins if member.name == name) for name in (subject.name, other))
    asked = [*one.plugin.before, *one.plugin.after, *two.plugin.before, *two.plugin.after]
    return one.plugin.phase == two.plugin.phase and not {subject.name, other} & set(asked)


PAIRING = (Check("silver", "other plugins", "order-decides-nothing", pairs_with_all),)

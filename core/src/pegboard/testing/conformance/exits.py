"""Silver: every exit path, strictly by ASGI 3, compared with the same path without the plugin."""

from __future__ import annotations

from functools import partial

from pegboard.testing.conformance.checks import Check, Nonconformity
from pegboard.testing.conformance.judging import judge
from pegboard.testing.conformance.paths import EXIT_PATHS, ExitPath
from pegboard.testing.conformance.subjects import Subject
from pegboard.testing.conformance.walking import headers_for, run, walk, walk_plain

__all__ = ["EXITS", "check_path"]


def check_path(path: ExitPath, subject: Subject) -> None:
    """Walk one path on every backend. Raises Nonconformity with all problems."""
    problems = []
    for backend in subject.backends:
        plain = run(walk_plain, path, headers_for(subject), backend=backend)
        trail = run(walk, subject, path, backend=backend)
        problems += [f"on {backend}: {problem}" for problem in judge(subject.name, trail, plain)]
    if problems:
        raise Nonconformity(f"{path.method} {path.path} ({path.name}):\n" + "\n".join(f"- {each}" for each in problems))


def reaches_endpoints(subject: Subject) -> None:
    """The endpoint answers the suite's plain request: what is refused at the door says nothing of the paths behind."""
    trail = run(walk, subject, ExitPath("answer"))
    if trail.is_answered_by(subject.name):
        raise Nonconformity(
            f"GET / is answered by the plugin itself, with {trail.conversation.status}, so that no path behind is "
            "walked; give settings={...} or headers={...} with which it lets the request through"
        )


EXITS = (
    Check("silver", "exit paths", "reaches-endpoints", reaches_endpoints),
    *(Check("silver", "exit paths", path.name, partial(check_path, path)) for path in EXIT_PATHS),
)

"""Whether this core fits the range that a plugin's distribution requires (PEP 440, as far as ranges of releases go).

The requirement on ``pegboard`` in a plugin's own metadata is the only statement of compatibility. A pre-release
counts as what it is: earlier than its release, later than the release before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

__all__ = ["Fit", "fit", "requirement_on", "sort_key"]

Fit = Literal["fits", "too old", "too new", "excluded", "unreadable"]

_VERSION = re.compile(
    r"v?(?:\d+!)?(?P<release>\d+(?:\.\d+)*)[-_.]?(?:(?P<pre>a|b|c|rc|alpha|beta|pre|preview)[-_.]?(?P<pre_n>\d*))?"
    r"(?:[-_.]?(?:post|rev|r)[-_.]?(?P<post>\d*))?(?:[-_.]?dev[-_.]?(?P<dev>\d*))?(?:\+[a-z0-9.]+)?",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"\s*(===|==|~=|!=|<=|>=|<|>)\s*([^\s,;()]+)\s*")
_REQUIREMENT = re.compile(
    r"\s*pegboard(?![-_.\w])\s*(?:\[[^\]]*\])?\s*\(?(?P<range>[^;)]*)\)?\s*(?:;(?P<marker>.*))?$", re.IGNORECASE
)

_PRE = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
_FINAL = (3, 0)

Key = tuple[tuple[int, ...], tuple[int, int], int, int]


def sort_key(version: str) -> Key:
    """A key that sorts versions as PEP 440 does. Raises ValueError for what is no version."""
    found = _VERSION.fullmatch(version.strip())
    if found is None:
        raise ValueError(f"{version!r} is not a version (PEP 440)")
    release = tuple(int(part) for part in found["release"].split("."))
    while len(release) > 1 and release[-1] == 0:
        release = release[:-1]
    pre = _FINAL if found["pre"] is None else (_PRE[found["pre"].lower()], int(found["pre_n"] or 0))
    if found["dev"] is not None and found["pre"] is None and found["post"] is None:
        pre = (-1, 0)
    post = -1 if found["post"] is None else int(found["post"] or 0)
    dev = 1 << 30 if found["dev"] is None else int(found["dev"] or 0)
    return release, pre, post, dev


def requirement_on(requirements: Iterable[str]) -> str | None:
    """The range on ``pegboard`` among a distribution's requirements, or None; requirements of extras do not count."""
    for requirement in requirements:
        found = _REQUIREMENT.match(requirement)
        if found is not None and "extra" not in (found["marker"] or ""):
            return found["range"].strip()
    return None


def fit(version: str, specifier: str) -> Fit:
    """How ``version`` stands to a range such as ``>=0.1,<0.2``."""
    worst: Fit = "fits"
    for clause in filter(None, (part.strip() for part in specifier.split(","))):
        found = _CLAUSE.fullmatch(clause)
        try:
            verdict: Fit = "unreadable" if found is None else _verdict(version, found[1], found[2])
        except ValueError:
            verdict = "unreadable"
        if _SEVERITY.index(verdict) > _SEVERITY.index(worst):
            worst = verdict
    return worst


def _verdict(version: str, operator: str, bound: str) -> Fit:
    if bound.endswith(".*"):
        return _prefix_verdict(version, operator, bound[:-2])
    if operator == "~=":
        prefix = bound.split(".")[:-1]
        lower = _verdict(version, ">=", bound)
        return lower if lower != "fits" else _prefix_verdict(version, "==", ".".join(prefix))
    ours, theirs = sort_key(version), sort_key(bound)
    if operator == "!=":
        return "excluded" if ours == theirs else "fits"
    if operator in ("==", "==="):
        return "fits" if ours == theirs else ("too old" if ours < theirs else "too new")
    if operator == "<" and ours < theirs and theirs[1] == _FINAL and ours[0] == theirs[0]:
        # PEP 440: `<0.2` leaves out 0.2's own pre-releases.
        return "too new"
    if operator.startswith(">"):
        return "fits" if ours > theirs or (ours == theirs and operator == ">=") else "too old"
    return "fits" if ours < theirs or (ours == theirs and operator == "<=") else "too new"


def _prefix_verdict(version: str, operator: str, prefix: str) -> Fit:
    wanted = tuple(int(part) for part in prefix.split("."))
    release = sort_key(version)[0]
    ours = (release + (0,) * len(wanted))[: len(wanted)]
    if operator == "!=":
        return "excluded" if ours == wanted else "fits"
    return "fits" if ours == wanted else ("too old" if ours < wanted else "too new")


_SEVERITY: tuple[Fit, ...] = ("fits", "unreadable", "too new", "excluded", "too old")

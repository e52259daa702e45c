"""What installed distributions ask of others, and whether it is there, by their own metadata, without a network."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from pegboard.versions import fit

__all__ = ["Requirement", "installed_version", "outdated", "requirements_of"]

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?(?P<range>[^;)]*)\)?\s*(?:;(?P<marker>.*))?"
)
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")

UNSAFE = {"h11": ("<0.16", "it lets requests be smuggled past proxies (CVE-2025-43859)")}
"""Versions that should not serve, of what comes along with others, and why."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement: ``extra`` is empty where it needs none, ``installed`` where the distribution is missing.

    ``is_conditional`` says that it holds on some platforms only, such as PyPy.
    """

    name: str
    range: str
    extra: str
    installed: str
    is_conditional: bool = False


def requirements_of(distribution: str) -> Iterator[Requirement]:
    """The requirements of a distribution, those of its extras included."""
    try:
        texts: Sequence[str] = requires(distribution) or ()
    except PackageNotFoundError:
        return
    for text in texts:
        found = _REQUIREMENT.fullmatch(text.strip())
        if found is None:
            continue
        marker, name = found["marker"] or "", found["name"]
        extra = _EXTRA.search(marker)
        is_conditional = bool(_EXTRA.sub("", marker).strip(" ()"))
        range_ = found["range"].strip()
        yield Requirement(name, range_, extra[1] if extra else "", installed_version(name), is_conditional)


def installed_version(name: str) -> str:
    """The version of a distribution, empty where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def outdated(distributions: Iterable[str]) -> Iterator[str]:
    """What is older than one of these distributions asks for, or known to be unsafe."""
    for distribution in distributions:
        for each in requirements_of(distribution):
            if each.installed and each.range and fit(each.installed, each.range) == "too old":
                asking = f"{distribution}[{each.extra}]" if each.extra else distribution
                yield f"{each.name} {each.installed} is older than {asking} asks for ({each.range}); upgrade it"
    for name, (unsafe, why) in UNSAFE.items():
        found = installed_version(name)
        if found and fit(found, unsafe) == "fits":
            yield f"{name} {found} is not safe to serve with: {why}; upgrade it"

"""The conformance suite: every check, and a test function that runs them on a plugin in one line.

In a test module of the plugin::

    test_conformance = conformance_suite("server-timing")

On the command line: ``pytest --pegboard-conformance server-timing``. Either way each check is a test of its own, and
the run ends with a table of tiers.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anyio

from pegboard.testing.conformance.blocking import BLOCKING
from pegboard.testing.conformance.checks import TIERS, Check, Tier
from pegboard.testing.conformance.costing import COSTING
from pegboard.testing.conformance.exits import EXITS
from pegboard.testing.conformance.leaks import LEAKS
from pegboard.testing.conformance.packaging import PACKAGING
from pegboard.testing.conformance.pairing import PAIRING
from pegboard.testing.conformance.report import PROPERTY, entry
from pegboard.testing.conformance.starting import STARTING
from pegboard.testing.conformance.subjects import Subject, subject_of
from pegboard.testing.conformance.transparency import TRANSPARENCY
from pegboard.testing.scopes import Headers

__all__ = ["CHECKS", "conformance_suite", "run_check"]

CHECKS: Sequence[Check] = (*STARTING, *EXITS, *TRANSPARENCY, *BLOCKING, *LEAKS, *PAIRING, *PACKAGING, *COSTING)
"""All checks, those of the lowest tier first."""


def run_check(check: Check, subject: Subject, tier: Tier, record: Callable[[str, Any], None]) -> None:
    """Run one check as a test, and ``record`` its result for the table.

    A check above ``tier`` that fails is an expected failure. Raises Nonconformity.
    """
    __tracebackhide__ = True
    result = entry(subject, check, len(CHECKS))
    record(PROPERTY, result)
    try:
        result["measured"] = check.run(subject) or ""
    except AssertionError as error:
        if TIERS.index(check.tier) <= TIERS.index(tier):
            raise
        import pytest  # noqa: PLC0415  whoever runs tests has it; whoever imports this module need not

        pytest.xfail(f"{check.tier}, and {tier} is asked for: {error}")
    result["passed"] = True


def conformance_suite(
    plugin: Any,
    *,
    settings: Mapping[str, Any] | None = None,
    headers: Headers = (),
    tier: Tier = "gold",
    budget: int = 60,
    backends: Sequence[str] = ("asyncio",),
    others: Mapping[str, Mapping[str, Any]] | None = None,
) -> Callable[..., None]:
    """A test function that runs every check on ``plugin``; assign it to a name that begins with ``test_``.

    - ``plugin``: the name of an installed one, ``"module:attr"``, a class, or a function that makes plugins.
    - ``settings`` are its own; ``headers`` come with every request, so that it lets them through.
    - ``tier``: what is asked for. Checks above it run, and may fail.
    - ``budget``: calls of functions that it may add to a plain request.
    - ``backends``: event loops to walk the exit paths in, ``asyncio`` and ``trio``.
    - ``others``: settings of the installed plugins that it is paired with, by their names.

    Raises LookupError for an unknown plugin, ValueError for an unknown tier or event loop.
    """
    import pytest  # noqa: PLC0415

    if tier not in TIERS:
        raise ValueError(f"tier is {tier!r}; expected one of {', '.join(TIERS)}")
    for backend in backends:
        if backend not in anyio.get_all_backends() or importlib.util.find_spec(backend) is None:
            raise ValueError(
                f"the event loop {backend!r} is not installed; take it off the list `backends`, or install it"
            )
    subject = subject_of(
        plugin,
        settings=dict(settings or {}),
        headers=headers,
        budget=budget,
        backends=tuple(backends),
        others=dict(others or {}),
    )

    def test_conformance(check: Check, record_property: Callable[[str, Any], None]) -> None:
        __tracebackhide__ = True
        run_check(check, subject, tier, record_property)

    function: Callable[..., None] = pytest.mark.parametrize("check", CHECKS, ids=str)(test_conformance)
    return function

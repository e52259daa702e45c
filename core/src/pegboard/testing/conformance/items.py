"""The checks as tests of pytest, for ``--pegboard-conformance``."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pytest

from pegboard.references import import_place
from pegboard.testing.conformance.checks import Check, Nonconformity
from pegboard.testing.conformance.subjects import Subject, installed_names, subject_of
from pegboard.testing.conformance.suite import CHECKS, run_check

__all__ = ["Conformance", "ConformanceItem"]

_BOARD_TABLES = ("threads",)


class Conformance:
    """Adds the checks of the plugins that are asked for; without paths on the command line there are no other tests."""

    def __init__(self, config: pytest.Config) -> None:
        self.subjects = _subjects(config)
        if config.args_source is not pytest.Config.ArgsSource.ARGS:
            config.args = []

    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Put the checks behind what was collected."""
        for subject in self.subjects:
            for check in CHECKS:
                nodeid = f"conformance::{subject.name}[{check}]"
                items.append(
                    ConformanceItem.from_parent(
                        session, name=f"{subject.name}[{check}]", nodeid=nodeid, subject=subject, check=check
                    )
                )


class ConformanceItem(pytest.Item):
    """One check of one plugin."""

    def __init__(self, *, subject: Subject, check: Check, **options: Any) -> None:
        super().__init__(**options)
        self.subject = subject
        self.check = check

    def runtest(self) -> None:
        """Run the check. Raises Nonconformity."""
        tier: Any = self.config.getoption("pegboard_tier")
        run_check(self.check, self.subject, tier, lambda name, value: self.user_properties.append((name, value)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What is wrong, in words; the whole traceback only for what no check raises."""
        if isinstance(excinfo.value, Nonconformity):
            return f"{self.subject.name} is not {self.check.tier}: {excinfo.value}"
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, None, str]:
        """How a report names the check."""
        return self.path, None, f"conformance of {self.subject.name}: {self.check.area}, {self.check}"


def _subjects(config: pytest.Config) -> list[Subject]:
    given = _settings(config.getoption("pegboard_config"))
    # A module of the current folder is found as `python -m pytest` finds it.
    here = str(config.invocation_params.dir)
    if here not in sys.path:
        sys.path.insert(0, here)
    references: Any = config.getoption("pegboard_conformance")
    subjects = []
    for reference in references:
        try:
            subject = subject_of(reference)
        except (LookupError, TypeError, ImportError, AttributeError) as error:
            raise pytest.UsageError(f"--pegboard-conformance={reference}: {error}") from error
        except Exception as error:
            text = f"cannot be loaded: {type(error).__name__}: {error}{import_place(error)}"
            raise pytest.UsageError(f"--pegboard-conformance={reference}: {text}") from error
        others = {name: section for name, section in given.items() if name != subject.name}
        subjects.append(subject_of(reference, settings=given.get(subject.name, {}), others=others))
    _refuse_unknown(given, {*installed_names(), *(subject.name for subject in subjects)})
    return subjects


def _refuse_unknown(sections: Collection[str], known: Collection[str]) -> None:
    """Raises UsageError for a section that is no plugin's: what it was meant for would be checked without it."""
    for section in sections:
        if section not in known and section not in _BOARD_TABLES:
            guess = get_close_matches(section, known, 1)
            hint = f"did you mean [{guess[0]}]?" if guess else "install its plugin, or take it out"
            raise pytest.UsageError(f"--pegboard-config: [{section}] is the section of no plugin; {hint}")


def _settings(name: str | None) -> Mapping[str, Any]:
    """The sections of a configuration file."""
    if name is None:
        return {}
    try:
        content = tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise pytest.UsageError(f"--pegboard-config={name}: {error}; expected a pegboard.toml") from error
    return {section: value for section, value in content.items() if isinstance(value, dict)}

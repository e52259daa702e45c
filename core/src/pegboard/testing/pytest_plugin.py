"""The kit as a pytest plugin, found by entry point: fixtures, and ``--pegboard-conformance``.

Rules that must not move:

- It does nothing until it is asked. What a fixture or the option needs is imported when it is used: loading this module
  costs about a millisecond, and starts neither a test client nor an HTTP library.
- Fixtures are named so that they hide nobody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pegboard.testclient import TestClient
    from pegboard.testing import CheckedBoard, HookRecorder, VirtualClock

OPTION = "--pegboard-conformance"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the conformance suite."""
    group = parser.getgroup("pegboard", "Pegboard plugins")
    group.addoption(
        OPTION,
        action="append",
        default=[],
        metavar="PLUGIN",
        help="check that a plugin keeps the contract: the name of an installed one, or module:attr; may come twice",
    )
    group.addoption(
        "--pegboard-config",
        metavar="FILE",
        help="a pegboard.toml with the settings of the checked plugins, and of those they are paired with",
    )
    group.addoption(
        "--pegboard-tier",
        choices=("bronze", "silver", "gold"),
        default="gold",
        help="the tier that is asked for; checks above it may fail (default: gold)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Gather what checks have found; where a plugin is to be checked, load what checks it."""
    config.pluginmanager.register(_Gathered(), "pegboard-conformance-table")
    if config.getoption("pegboard_conformance"):
        from pegboard.testing.conformance.items import Conformance  # noqa: PLC0415

        config.pluginmanager.register(Conformance(config), "pegboard-conformance")


class _Gathered:
    """What the checks of one run have found, by worker processes too."""

    def __init__(self) -> None:
        self.entries: list[Any] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a check has found."""
        if report.when == "call":
            self.entries += [value for name, value in report.user_properties if name == "pegboard-conformance"]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table of tiers, where plugins were checked."""
        if not self.entries:
            return
        from pegboard.testing.conformance.report import table  # noqa: PLC0415

        terminalreporter.section("conformance of Pegboard plugins")
        for line in table(self.entries):
            terminalreporter.line(line)


@pytest.fixture
def hook_recorder() -> HookRecorder:
    """Writes down which hooks ran on the boards of `board_factory`, in which order, with what."""
    from pegboard.testing import HookRecorder  # noqa: PLC0415

    return HookRecorder()


@pytest.fixture
def board_factory(hook_recorder: HookRecorder) -> Iterator[Callable[..., CheckedBoard]]:
    """Make boards with exactly the plugins that are asked for: see `pegboard.testing.make_board`.

    Their calls go through a strict ASGI checker, and their hooks are written down by `hook_recorder`. No file and no
    ``PEGBOARD_*`` variable is read.
    """
    from pegboard.testing import clean_environment, make_board  # noqa: PLC0415

    def make(plugins: Any = (), routes: Any = None, **options: Any) -> CheckedBoard:
        return make_board(plugins, routes, **{"recorder": hook_recorder, **options})

    with clean_environment():
        yield make


@pytest.fixture
def pegboard_plugin() -> Any:
    """The plugin under test: define a fixture of this name that returns it, a class or an object."""
    pytest.fail(
        "the fixture `board` needs to know the plugin under test: define a fixture `pegboard_plugin` that returns it",
        pytrace=False,
    )


@pytest.fixture
def board(board_factory: Callable[..., CheckedBoard], pegboard_plugin: Any) -> CheckedBoard:
    """A board with only `pegboard_plugin`, and the routes of `pegboard.testing.example_routes`."""
    return board_factory([pegboard_plugin])


@pytest.fixture
def board_client(board: CheckedBoard) -> Iterator[TestClient]:
    """A test client of `board`, whose lifespan runs. What the board raises is answered with 500."""
    from pegboard.testclient import TestClient  # noqa: PLC0415

    with TestClient(board, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def virtual_clock() -> Iterator[VirtualClock]:
    """Time that stands still in Pegboard and its plugins, until the test moves it."""
    from pegboard.testing import VirtualClock  # noqa: PLC0415

    with VirtualClock() as clock:
        yield clock

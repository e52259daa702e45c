"""The hook contract: every hook documented, and no signature changed but on purpose."""

import inspect
from pathlib import Path

import pytest

from pegboard.hookspecs import REQUEST_TIME, ROUTE_HOOKS, SETUP, SYNC_ONLY, HookSpecs

GOLDEN = Path(__file__).with_name("hook_signatures.txt")
PAGE = Path(__file__).parents[2] / "docs" / "hooks.md"

SPECS = {name: spec for name, spec in vars(HookSpecs).items() if hasattr(spec, "pegboard_spec")}


def signatures() -> str:
    lines = []
    for name, spec in SPECS.items():
        signature = inspect.signature(spec)
        parameters = list(signature.parameters.values())[1:]
        kind = "setup" if name in SETUP else "request-time, sync" if name in SYNC_ONLY else "request-time"
        lines.append(f"{name}{signature.replace(parameters=parameters)}  # {kind}".replace("'", ""))
    return "\n".join(lines) + "\n"


def test_the_signatures_are_those_of_the_golden_file() -> None:
    """A change of the contract is made in hook_signatures.txt as well, so that a review sees it."""
    assert signatures() == GOLDEN.read_text()


def test_every_hook_is_either_setup_or_request_time() -> None:
    assert tuple(SPECS) == (*SETUP, *REQUEST_TIME)
    assert set(ROUTE_HOOKS) == set(REQUEST_TIME) - {"rewrite"}


@pytest.mark.parametrize("name", SPECS)
def test_every_hook_has_a_docstring_and_a_place_in_the_docs(name: str) -> None:
    assert len(inspect.getdoc(SPECS[name]) or "") > 30
    assert f"### `{name}`" in PAGE.read_text()

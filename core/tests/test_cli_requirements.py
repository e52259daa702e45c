"""What installed distributions ask for, read from metadata."""

from pathlib import Path

import pytest

from pegboard.cli.requirements import Requirement, outdated, requirements_of

METADATA = """Metadata-Version: 2.1
Name: acme-needs
Version: 1.0
Requires-Dist: pegboard>=0.0.1
Requires-Dist: click[extra] (>=9999) ; extra == "fast"
Requires-Dist: no-such-thing>=1; python_version < "3"
Requires-Dist: h11
"""


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    info = tmp_path / "acme_needs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_every_requirement_is_read_with_its_extra_and_whether_it_always_holds() -> None:
    found = {each.name: each for each in requirements_of("acme-needs")}
    assert list(found) == ["pegboard", "click", "no-such-thing", "h11"]
    assert (found["click"].range, found["click"].extra, found["click"].is_conditional) == (">=9999", "fast", False)
    assert found["no-such-thing"] == Requirement("no-such-thing", ">=1", "", "", is_conditional=True)
    assert found["h11"].range == ""


def test_a_distribution_that_is_not_installed_asks_for_nothing() -> None:
    assert list(requirements_of("acme-nothing")) == []


def test_what_is_older_than_asked_for_is_found() -> None:
    (text,) = [text for text in outdated(["acme-needs"]) if text.startswith("click")]
    assert text.endswith("is older than acme-needs[fast] asks for (>=9999); upgrade it")


def test_a_version_that_is_known_to_be_unsafe_is_found(installed: Path) -> None:
    info = installed / "h11-0.15.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: h11\nVersion: 0.15.0\n")
    assert any(text.startswith("h11 0.15.0 is not safe to serve with") for text in outdated([]))

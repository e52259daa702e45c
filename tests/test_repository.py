"""The repository keeps its own rules.

What is checked here is what no linter knows: the shape that every distribution shares, the one word of each plugin,
the changelog fragments, and that nothing committed depends on the machine it was written on. Every test reads files;
none runs the code.
"""

import ast
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
DISTRIBUTIONS = [ROOT / "core", *PLUGINS]

FRAGMENT = re.compile(r"(\d+|\+[a-z0-9-]+)\.(breaking|security|added|changed|fixed)\.md")
MACHINE_PATH = re.compile(r"(?<![\w.:/~<>{}$*-])/(?:work|home|Users|tmp/[a-z]+)/[\w.-]+")
# Assembled, so that this file does not name what it looks for.
REGISTRY_HOST = re.compile("|".join(["py" + r"pi\.org", "python" + r"hosted\.org", "npm" + r"js\.(?:org|com)"]))


def name_of(path: Path) -> str:
    return path.name


def project_of(distribution: Path) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((distribution / "pyproject.toml").read_text())["project"]
    return project


def package_of(distribution: Path) -> Path:
    name: str = project_of(distribution)["name"]
    return distribution / "src" / name.replace("-", "_")


def tracked_files() -> list[Path]:
    """What git holds or would hold: tracked files and new ones that nothing ignores."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    paths = [ROOT / os.fsdecode(name) for name in listed.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


def tracked_texts() -> list[tuple[Path, str]]:
    texts = []
    for path in tracked_files():
        content = path.read_bytes()
        if b"\0" not in content:
            texts.append((path.relative_to(ROOT), content.decode()))
    return texts


def findings(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
        for path, text in tracked_texts()
        for match in pattern.finditer(text)
    ]


def test_packages_exist_only_under_src() -> None:
    inits = [path.relative_to(ROOT) for path in tracked_files() if path.name == "__init__.py"]
    assert [str(path) for path in inits if "src" not in path.parts] == []


def test_the_five_distributions_are_where_they_belong() -> None:
    names = {distribution.name: project_of(distribution)["name"] for distribution in DISTRIBUTIONS}
    expected = {word: f"pegboard-{word}" for word in ("auth", "cors", "gzip", "logging")}
    assert names == {"core": "pegboard", **expected}


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=name_of)
class TestDistribution:
    @pytest.mark.parametrize("file", ["README.md", "CHANGELOG.md", "LICENSE"])
    def test_has_what_a_reader_looks_for(self, distribution: Path, file: str) -> None:
        assert (distribution / file).read_text().strip()

    def test_carries_the_license_of_the_repository(self, distribution: Path) -> None:
        project = project_of(distribution)
        assert project["license"] == "BSD-3-Clause"
        assert project["license-files"] == ["LICENSE"]
        assert (distribution / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()

    def test_has_a_static_version_and_python_range(self, distribution: Path) -> None:
        project = project_of(distribution)
        assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", project["version"])
        assert "dynamic" not in project
        assert project["requires-python"] == ">=3.11"
        assert project["readme"] == "README.md"

    def test_is_marked_as_typed(self, distribution: Path) -> None:
        assert (package_of(distribution) / "py.typed").is_file()

    def test_leaves_the_configuration_of_tools_to_the_top(self, distribution: Path) -> None:
        tools = tomllib.loads((distribution / "pyproject.toml").read_text()).get("tool", {})
        assert set(tools) <= {"hatch"}

    def test_has_well_formed_change_fragments(self, distribution: Path) -> None:
        """A fragment with a misspelt kind would be left out of the changelog."""
        fragments = sorted((distribution / "changes").glob("[!.]*"))
        assert [path.name for path in fragments if not FRAGMENT.fullmatch(path.name)] == []
        assert [path.name for path in fragments if not path.read_text().strip()] == []

    def test_has_a_changelog_that_towncrier_can_extend(self, distribution: Path) -> None:
        start = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]["start_string"]
        assert (distribution / "CHANGELOG.md").read_text().count(start) == 1


@pytest.mark.parametrize("plugin", PLUGINS, ids=name_of)
class TestPlugin:
    def test_uses_one_word_everywhere(self, plugin: Path) -> None:
        project = project_of(plugin)
        entry_points = project["entry-points"]["pegboard.plugins"]
        assert project["name"] == f"pegboard-{plugin.name}"
        assert list(entry_points) == [plugin.name]
        assert entry_points[plugin.name].partition(":")[0] == f"pegboard_{plugin.name}"

    def test_states_its_range_on_the_core(self, plugin: Path) -> None:
        """A range has both ends: the core reads it at load, and refuses what lies outside."""
        ranges = [line for line in project_of(plugin)["dependencies"] if re.match(r"pegboard[^\w-]", line)]
        assert len(ranges) == 1
        assert re.fullmatch(r"pegboard>=\d+(\.\d+)+,<\d+(\.\d+)*", ranges[0])


def test_dependency_groups_and_changelog_kinds_are_those_the_tests_know() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())
    kinds = {kind["directory"] for kind in tools["tool"]["towncrier"]["type"]}
    assert kinds == {"breaking", "security", "added", "changed", "fixed"}
    assert "project" not in tools
    assert {"dev", "bench", "docs"} <= set(tools["dependency-groups"])


def test_no_module_of_the_core_imports_through_the_package_itself() -> None:
    """`from pegboard import Name` inside the core would pass by the layers, which know modules only."""
    package = ROOT / "core" / "src" / "pegboard"
    modules = {path.stem for path in package.iterdir() if path.suffix == ".py" or path.is_dir()}
    offenders = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted(package.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "pegboard"
        if any(alias.name not in modules for alias in node.names)
    ]
    assert offenders == []


def test_nothing_committed_names_a_path_of_a_machine() -> None:
    assert findings(MACHINE_PATH) == []


def test_nothing_committed_names_the_host_of_a_registry() -> None:
    assert findings(REGISTRY_HOST) == []


def test_links_between_markdown_files_lead_somewhere() -> None:
    link = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
    broken = [
        f"{path}: {match.group(1)}"
        for path, text in tracked_texts()
        if path.suffix == ".md"
        for match in link.finditer(text)
        if not (ROOT / path).parent.joinpath(match.group(1)).exists()
    ]
    assert broken == []


def test_what_is_run_is_executable() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)

"""Plugins are found through entry points; each failure is named, and none hides another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pegboard.discovery import Discovery, discover
from pegboard.settings import PluginSelection

Install = Callable[..., None]

GOOD = "class {cls}:\n    name = {name!r}\n"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a distribution with entry points on the path, as pip would."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(dist: str, plugins: dict[str, str], code: str = "", version: str = "1.0", requires: str = "") -> None:
        module = dist.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{module}-{version}.dist-info"
        info.mkdir()
        requirement = f"Requires-Dist: {requires}\n" if requires else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n{requirement}")
        lines = "\n".join(f"{name} = {value}" for name, value in plugins.items())
        (info / "entry_points.txt").write_text(f"[pegboard.plugins]\n{lines}\n")

    return install


def find(selection: PluginSelection | None = None, given: list[Any] | None = None, **options: Any) -> Discovery:
    """Discover among the installed plugins, the project's own four left out."""
    own = ("auth", "cors", "gzip", "logging")
    selection = selection or PluginSelection()
    blocked = PluginSelection(selection.listed, (*selection.blocked, *own), selection.bare)
    result = discover(blocked, given or [], options.get("autoload", True), options.get("core_version", "0.1.0"))
    result.off = [off for off in result.off if off.name not in own]
    result.warnings = [warning for warning in result.warnings if not any(f"'{name}'" in warning for name in own)]
    return result


def test_what_is_installed_is_on(install: Install) -> None:
    install("acme-timing", {"timing": "acme_timing:Timing"}, GOOD.format(cls="Timing", name="timing"))
    result = find()
    assert [(found.name, found.source, found.version, found.why) for found in result.found] == [
        ("timing", "acme-timing", "1.0", "installed")
    ]
    assert result.found[0].described == "plugin 'timing' (acme-timing 1.0)"
    assert result.problems == []


def test_what_is_switched_off_is_not_imported(install: Install) -> None:
    install("acme-bad", {"bad": "acme_bad:Bad"}, "raise RuntimeError('imported')")
    result = find(PluginSelection(blocked=("bad",)))
    assert result.found == []
    assert result.problems == []
    assert [(off.name, off.source, off.why) for off in result.off] == [("bad", "acme-bad", "switched off by -bad")]


def test_a_list_is_all_that_is_used(install: Install) -> None:
    install("acme-one", {"one": "acme_one:One"}, GOOD.format(cls="One", name="one"))
    install("acme-two", {"two": "acme_two:Two"}, GOOD.format(cls="Two", name="two"))
    result = find(PluginSelection(listed=("two",)))
    assert [found.name for found in result.found] == ["two"]
    assert [(off.name, off.why) for off in result.off] == [("one", "not listed in plugins")]


def test_none_is_the_bare_board_whatever_is_given(install: Install) -> None:
    install("acme-one", {"one": "acme_one:One"}, GOOD.format(cls="One", name="one"))

    class Mine:
        name = "mine"

    result = find(PluginSelection(listed=(), bare=True), [Mine()])
    assert result.found == []
    assert {off.name: off.why for off in result.off} == {"one": "plugins is `none`", "mine": "plugins is `none`"}


def test_autoload_can_be_off(install: Install) -> None:
    install("acme-one", {"one": "acme_one:One"}, GOOD.format(cls="One", name="one"))
    result = find(autoload=False)
    assert result.found == []
    assert [(off.name, off.why) for off in result.off] == [("one", "autoload is off")]


def test_every_broken_plugin_is_named_with_its_cause_and_the_others_still_load(install: Install) -> None:
    install("acme-a", {"a": "acme_a:A"}, "import no_such_module_anywhere")
    install("acme-b", {"b": "acme_b:B"}, "def f(:")
    install("acme-c", {"c": "acme_c:Missing"}, "")
    install("acme-d", {"d": "acme_d:D"}, GOOD.format(cls="D", name="d"))
    install("acme-e", {"e": "acme_e:E"}, "class E:\n    name = 'e'\n    def __init__(self):\n        1 / 0")
    result = find()
    assert [found.name for found in result.found] == ["d"]
    texts = {problem.split("'")[1]: problem for problem in result.problems}
    assert set(texts) == {"a", "b", "c", "e"}
    assert (
        "plugin 'a' (acme-a 1.0) cannot be loaded from 'acme_a:A': ModuleNotFoundError: No module named" in texts["a"]
    )
    assert "acme_a.py, line 1" in texts["a"]
    assert "SyntaxError" in texts["b"]
    assert "AttributeError: module 'acme_c' has no attribute 'Missing'" in texts["c"]
    assert "ZeroDivisionError: division by zero" in texts["e"]
    assert all(text.endswith(f"start without it: PEGBOARD_PLUGINS=-{name}") for name, text in texts.items())


def test_two_plugins_of_one_name_are_refused_with_both_distributions(install: Install) -> None:
    install("acme-one", {"same": "acme_one:One"}, GOOD.format(cls="One", name="same"))
    install("acme-two", {"same": "acme_two:Two"}, GOOD.format(cls="Two", name="same"))
    result = find()
    assert result.problems == [
        (
            "two plugins are called 'same': acme-one 1.0 (acme_one:One) and acme-two 1.0 (acme_two:Two); "
            "uninstall one, or switch both off with PEGBOARD_PLUGINS=-same"
        )
    ]


def test_a_given_plugin_and_a_listed_one_of_the_same_name_are_refused(install: Install) -> None:
    install("acme-one", {"one": "acme_one:One"}, GOOD.format(cls="One", name="one"))

    class One:
        name = "one"

    result = find(PluginSelection(listed=("one",)), [One()])
    assert len(result.problems) == 1
    assert "two plugins are called 'one': one listed in plugins (acme-one), one given in code" in result.problems[0]


def test_a_listed_plugin_that_is_not_installed_gets_a_suggestion(install: Install) -> None:
    install("acme-timing", {"timing": "acme_timing:Timing"}, GOOD.format(cls="Timing", name="timing"))
    result = find(PluginSelection(listed=("timng",)))
    assert result.problems == ["plugin 'timng' is listed in plugins but not installed; did you mean timing?"]


def test_a_plugin_may_be_listed_by_module_and_attribute(install: Install) -> None:
    install("acme-free", {}, GOOD.format(cls="Free", name="free"))
    result = find(PluginSelection(listed=("acme_free:Free",)))
    assert [(found.name, found.source, found.why) for found in result.found] == [
        ("free", "acme_free:Free", "listed in plugins")
    ]
    broken = find(PluginSelection(listed=("acme_free:Gone", "json:dumps")))
    assert "plugin 'acme_free:Gone', listed in plugins, cannot be loaded: AttributeError" in broken.problems[0]
    assert broken.problems[1] == "'json:dumps', listed in plugins, has no attribute `name`, so it is not a plugin"


def test_a_plugin_may_be_given_as_object_or_class() -> None:
    class One:
        name = "one"

    class Two:
        name = "two"

    two = Two()
    result = find(PluginSelection(listed=()), [One, two])
    assert [(found.name, found.why) for found in result.found] == [("one", "given in code"), ("two", "given in code")]
    assert isinstance(result.found[0].plugin, One)
    assert result.found[1].plugin is two


def test_what_is_no_plugin_is_refused() -> None:
    result = find(PluginSelection(listed=()), [object()])
    assert "has no attribute `name`; expected a plugin, a plugin class, a name or 'module:attr'" in result.problems[0]


def test_a_name_that_differs_from_the_entry_point_is_refused(install: Install) -> None:
    install("acme-odd", {"odd": "acme_odd:Odd"}, GOOD.format(cls="Odd", name="even"))
    assert find().problems == [
        (
            "plugin 'odd' (acme-odd 1.0) is announced as 'odd' but calls itself 'even'; "
            "use one word for the entry point and the attribute `name`"
        )
    ]


def test_a_core_that_is_too_old_refuses_and_one_that_is_newer_warns(install: Install) -> None:
    code = GOOD.format(cls="T", name="t")
    install("acme-t", {"t": "acme_t:T"}, code, requires="pegboard<0.5,>=0.3")
    old = find(core_version="0.2.0")
    assert old.found == []
    assert old.problems == [
        (
            "plugin 't' (acme-t 1.0) requires pegboard<0.5,>=0.3, and this is pegboard 0.2.0; "
            "upgrade pegboard, or install another version of acme-t"
        )
    ]
    new = find(core_version="0.5.0")
    assert [found.name for found in new.found] == ["t"]
    assert new.warnings == [
        (
            "plugin 't' (acme-t 1.0) requires pegboard<0.5,>=0.3, and this is pegboard 0.5.0: "
            "it was not made for this version; look for a newer acme-t"
        )
    ]
    pre = find(core_version="0.3.0rc1")
    assert pre.found == []


def test_switching_off_what_is_not_there_is_said() -> None:
    assert find(PluginSelection(blocked=("gone",))).warnings == [
        "plugin 'gone' is switched off, but no plugin of that name is installed or given; take it away"
    ]


@pytest.mark.parametrize("blocked", ["listed", "acme_listed:Listed"])
@pytest.mark.parametrize("is_listed", [True, False])
def test_a_reference_is_switched_off_by_name_and_by_itself(install: Install, blocked: str, is_listed: bool) -> None:
    """Listed in the configuration or given in code."""
    install("acme-listed", {}, GOOD.format(cls="Listed", name="listed"))
    entry = "acme_listed:Listed"
    selection = PluginSelection(listed=(entry,) if is_listed else (), blocked=(blocked,))
    result = find(selection, [] if is_listed else [entry])
    assert (result.found, result.problems, result.warnings) == ([], [], [])
    assert [(off.name, off.why) for off in result.off] == [(blocked, f"switched off by -{blocked}")]


def test_a_reference_that_is_switched_off_by_itself_is_not_imported(install: Install) -> None:
    install("acme-broken", {}, "raise RuntimeError('imported')")
    entry = "acme_broken:Plugin"
    assert f"PEGBOARD_PLUGINS=-{entry}" in find(PluginSelection((entry,))).problems[0]
    assert find(PluginSelection((entry,), blocked=(entry,))).problems == []


@pytest.mark.parametrize(
    ("selection", "options"),
    [(None, {}), (None, {"autoload": False}), (PluginSelection(listed=()), {}), (PluginSelection(("timing",)), {})],
)
def test_a_name_given_in_code_comes_on_top(install: Install, selection: Any, options: dict[str, Any]) -> None:
    install("acme-timing", {"timing": "acme_timing:Timing"}, GOOD.format(cls="Timing", name="timing"))
    result = find(selection, ["timing"], **options)
    assert [found.name for found in result.found] == ["timing"]
    assert (result.problems, result.off) == ([], [])


@pytest.mark.parametrize("selection", [PluginSelection(blocked=("timing",)), PluginSelection((), bare=True)])
def test_a_name_given_in_code_stays_off_where_it_is_switched_off(install: Install, selection: PluginSelection) -> None:
    install("acme-timing", {"timing": "acme_timing:Timing"}, GOOD.format(cls="Timing", name="timing"))
    result = find(selection, ["timing"])
    assert (result.found, [off.name for off in result.off]) == ([], ["timing"])


def test_a_name_given_in_code_that_is_not_installed_is_refused() -> None:
    assert "plugin 'nobody' is given in code but not installed" in find(given=["nobody"]).problems[0]


def test_a_name_that_raises_is_told_and_what_was_given_is_not_shown() -> None:
    class Raises:
        def __repr__(self) -> str:
            return "hunter2"

        @property
        def name(self) -> str:
            raise KeyError("x")

    (problem,) = find(given=[Raises()]).problems
    assert "a Raises, has an attribute `name` that cannot be read (KeyError: 'x')" in problem
    assert "hunter2" not in problem

"""The settings as an owner writes them: defaults, and where they come from."""

from __future__ import annotations

import pytest

from pegboard.settings import Invalid, lint_settings, load, read_sources
from pegboard_cors.settings import CORSSettings


def test_unconfigured_settings_allow_nobody() -> None:
    """An installed plugin without origins allows none."""
    settings = CORSSettings()
    assert not settings.allows_some
    assert not settings.allows_any


@pytest.mark.parametrize(
    "given",
    [
        {"allow_origins": ("https://a.example",)},
        {"allow_origin_regex": r"https://[a-z]+\.a\.example"},
        {"allow_origin_regex": ""},
        {"allow_origin": lambda origin, connection: (True, ())},
    ],
)
def test_each_way_of_naming_origins_counts(given: dict[str, object]) -> None:
    """Origins by name, expression or function switch the plugin on."""
    assert CORSSettings(**given).allows_some  # type: ignore[arg-type]


def test_every_setting_has_a_name_that_files_and_environment_can_hold() -> None:
    """The core's own lint finds nothing."""
    assert lint_settings("cors", CORSSettings) == []


def test_settings_are_read_from_configuration_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files give lists, the environment overrides single keys."""
    monkeypatch.setenv("PEGBOARD_CORS__MAX_AGE", "0")
    sources = read_sources({"cors": {"allow_origins": ["https://a.example"], "max_age": 60}})
    settings = load(CORSSettings, "cors", sources).unwrap()
    assert settings.allow_origins == ("https://a.example",)
    assert settings.max_age == 0


def test_problems_name_their_place_in_the_configuration() -> None:
    """A bad origin is reported with its index."""
    sources = read_sources({"cors": {"allow_origins": ["https://a.example", "https://b.example/"]}})
    (problem,) = load(CORSSettings, "cors", sources).problems
    assert problem.key == "cors.allow_origins[1]"


def test_problems_of_several_sources_come_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keywords, environment and files are checked in one go, and each problem names its own source."""
    monkeypatch.setenv("PEGBOARD_CORS__ALLOW_ORIGINS", "https://a.example,https://b.example/")
    monkeypatch.setenv("PEGBOARD_CORS__ALLOW_METHODS", "get")
    sources = read_sources({"cors": {"allow_headers": ["Cookie"], "expose_headers": ["*"]}})
    found = load(CORSSettings, "cors", sources, {"allow_credentials": True}, caller="CORS()").problems
    assert [(problem.where, problem.key) for problem in found] == [
        ("environment PEGBOARD_CORS__ALLOW_ORIGINS", "cors.allow_origins[1]"),
        ("environment PEGBOARD_CORS__ALLOW_METHODS", "cors.allow_methods[0]"),
        ("the mapping given as config", "cors.allow_headers[0]"),
        ("the mapping given as config", "cors.expose_headers[0]"),
    ]


def test_making_bad_settings_raises_with_all_problems() -> None:
    """Whoever makes an instance in code is told the same."""
    with pytest.raises(Invalid) as caught:
        CORSSettings(allow_origins=("*",), allow_credentials=True, expose_headers=("*",))
    assert [key for key, _ in caught.value.problems] == ["allow_origins", "expose_headers[0]"]


def test_a_list_given_to_the_functions_key_is_told_where_it_belongs() -> None:
    """The two keys differ in one letter."""
    loaded = load(CORSSettings, "cors", read_sources({"cors": {"allow_origin": ["https://a.example"]}}))
    assert ["origins by name go into allow_origins" in str(problem) for problem in loaded.problems] == [True]

"""Settings check themselves, and say all that is wrong."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from pegboard.settings import Invalid, lint_settings, load, read_sources
from pegboard_gzip import Gzip, GzipRouteSettings, GzipSettings, Levels


def problems(values: dict[str, Any]) -> str:
    sources = read_sources({"gzip": values}, environ={})
    return "\n".join(map(str, load(GzipSettings, "gzip", sources).problems))


def test_the_classes_are_fit_for_the_board() -> None:
    assert lint_settings("gzip", Gzip.Settings) == []
    assert lint_settings("gzip", Gzip.RouteSettings, base=Gzip.Settings) == []


def test_the_defaults_are_valid() -> None:
    assert GzipSettings().codings == ("zstd", "br", "gzip")
    assert problems({}) == ""


def test_all_sources_can_set_what_there_is() -> None:
    environ = {"CODINGS": "br,gzip", "BR_LEVEL": "6", "THREADS": "3"}
    environ = {f"PEGBOARD_GZIP__{name}": value for name, value in environ.items()}
    config = {
        "gzip": {"minimum_size": 10, "by_type": {"text/html": {"gzip_level": 9}, "image/png": True, "+xml": False}}
    }
    loaded = load(GzipSettings, "gzip", read_sources(config, environ=environ))
    settings = loaded.unwrap()
    assert (settings.codings, settings.br_level, settings.minimum_size) == (("br", "gzip"), 6, 10)
    assert settings.threads == 3
    assert settings.by_type == {"text/html": Levels(gzip_level=9), "image/png": True, "+xml": False}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"codings": []}, "codings"),
        ({"codings": ["deflate"]}, '"zstd"'),
        ({"codings": ["br", "gzip", "br"]}, "br is named twice"),
        ({"zstd_level": 20}, "zstd_level"),
        ({"br_level": 12}, "br_level"),
        ({"gzip_level": 0}, "gzip_level"),
        ({"minimum_size": -1}, "minimum_size"),
        ({"threads": 0}, "threads"),
        ({"types": ["Text/HTML"]}, "lower case"),
        ({"types": ["text/html; charset=utf-8"]}, "without parameters"),
        ({"immediate_types": ["*"]}, "immediate_types[0]"),
        ({"by_type": {"json": True}}, '"json"'),
        ({"by_type": {"text/html": {"br_level": 99}}}, "br_level"),
        ({"minimum_sise": 1}, "minimum_size"),
        ({"padding": 257}, "padding"),
        ({"dictionaries": ["no/such/file"]}, 'no readable file "no/such/file"'),
        ({"precompressed": ["br", "br"]}, "precompressed[1]: br is named twice"),
        ({"request_codings": ["deflate"]}, '"zstd"'),
        ({"max_decoded_size": 0}, "max_decoded_size"),
        ({"max_ratio": 0}, "max_ratio"),
        ({"max_request_codings": 5}, "max_request_codings"),
        ({"cache_size": -1}, "cache_size"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, Any], message: str) -> None:
    assert message in problems(values)


def test_all_problems_are_told_together() -> None:
    with pytest.raises(Invalid) as caught:
        GzipSettings(types=("a", "b/c"), immediate_types=("d",), codings=("br", "br"))
    assert [key for key, _ in caught.value.problems] == ["codings[1]", "types[0]", "immediate_types[0]"]


def test_the_event_loop_keeps_a_processor_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for processors, threads in ((1, 1), (2, 1), (3, 2), (64, 4)):
        monkeypatch.setattr("os.sched_getaffinity", lambda _, count=processors: range(count), raising=False)
        assert GzipSettings().thread_count() == threads
    assert GzipSettings(threads=9).thread_count() == 9


def test_a_type_may_have_some_levels_of_its_own() -> None:
    settings = GzipRouteSettings(br_level=5)
    assert settings.level("br") == 5
    assert settings.level("br", Levels(gzip_level=9)) == 5
    assert settings.level("gzip", Levels(gzip_level=9)) == 9
    assert settings.level("br", Levels(br_level=0)) == 0


def test_what_is_fast_needs_the_package_that_makes_it_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert problems({"fast": True}) == ""
    monkeypatch.setitem(sys.modules, "isal", None)
    assert 'pip install "pegboard-gzip[fast]"' in problems({"fast": True})
    assert problems({"fast": False}) == ""


def test_what_has_to_be_asked_for_is_off() -> None:
    settings = GzipSettings()
    assert (settings.fast, settings.padding, settings.cache_size, settings.max_request_codings) == (False, 0, 0, 1)
    assert (settings.dictionaries, settings.precompressed, settings.request_codings) == ((), (), ())


def test_every_setting_is_in_the_table_of_the_readme() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    table = re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE)
    assert sorted(table) == sorted(GzipSettings.__struct_fields__)

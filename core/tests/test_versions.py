"""Whether a core fits a plugin's range is decided as PEP 440 says, pre-releases included."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from pegboard.versions import fit, requirement_on, sort_key


@pytest.mark.parametrize(
    ("version", "specifier", "verdict"),
    [
        ("0.1.0", ">=0.1,<0.2", "fits"),
        ("0.1.9", ">=0.1,<0.2", "fits"),
        ("0.2.0", ">=0.1,<0.2", "too new"),
        ("0.2.0rc1", ">=0.1,<0.2", "too new"),
        ("0.1.0rc1", ">=0.1,<0.2", "too old"),
        ("0.0.9", ">=0.1,<0.2", "too old"),
        ("1.4.2", "~=1.4.0", "fits"),
        ("1.5", "~=1.4.0", "too new"),
        ("1.4.5", "~=1.4", "fits"),
        ("2.0", "~=1.4", "too new"),
        ("1.3", "~=1.4", "too old"),
        ("1.2.3", "==1.2.*", "fits"),
        ("1.3", "==1.2.*", "too new"),
        ("1.2", "!=1.2", "excluded"),
        ("1.2", "", "fits"),
        ("1.2", "newest", "unreadable"),
        ("1.2", ">=one", "unreadable"),
    ],
)
def test_a_version_stands_to_a_range(version: str, specifier: str, verdict: str) -> None:
    assert fit(version, specifier) == verdict


@pytest.mark.parametrize(
    ("requirements", "found"),
    [
        (["pegboard<0.2,>=0.1"], "<0.2,>=0.1"),
        (["brotli>=1.2", "pegboard (>=0.1)"], ">=0.1"),
        (["pegboard[standard]>=0.1; python_version >= '3.11'"], ">=0.1"),
        (["pegboard-cors>=0.1"], None),
        (["pegboard>=0.1; extra == 'test'"], None),
        (["Pegboard"], ""),
        ([], None),
    ],
)
def test_the_range_is_read_from_the_plugins_requirements(requirements: list[str], found: str | None) -> None:
    assert requirement_on(requirements) == found


def test_what_is_no_version_is_refused() -> None:
    with pytest.raises(ValueError, match="'new' is not a version"):
        sort_key("new")


numbers = st.integers(0, 3)
versions = st.builds(
    lambda release, suffix: ".".join(map(str, release)) + suffix,
    st.lists(numbers, min_size=1, max_size=3),
    st.sampled_from(["", "a1", "b2", "rc1", ".post1", ".dev1", "rc1.dev2"]),
)


@given(versions, versions)
def test_versions_sort_as_the_reference_sorts_them(one: str, other: str) -> None:
    assert (sort_key(one) < sort_key(other)) == (Version(one) < Version(other))


@given(versions, st.sampled_from([">=", "<=", "==", "!="]), versions)
def test_ranges_contain_what_the_reference_says(version: str, operator: str, bound: str) -> None:
    expected = SpecifierSet(operator + bound).contains(version, prereleases=True)
    assert (fit(version, operator + bound) == "fits") == expected

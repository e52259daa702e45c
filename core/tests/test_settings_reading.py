from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from pegboard.settings import Settings, load, read_sources
from pegboard.text_values import Secret


class CORS(Settings, frozen=True, kw_only=True):
    allow_origins: tuple[str, ...] = ()
    max_age: Annotated[int, Meta(ge=0)] = 600
    mode: Literal["lax", "strict"] = "strict"
    allow_credentials: bool = False

    def check(self) -> Iterator[tuple[str, str]]:
        for index, origin in enumerate(self.allow_origins):
            if origin.count("/") > 2:
                yield f"allow_origins[{index}]", f"an origin has no path: write {origin.rpartition('/')[0]}"
        if self.allow_credentials and not self.allow_origins:
            yield "allow_origins", "allow_credentials needs origins by name"


class JWT(Settings, frozen=True, kw_only=True):
    issuer: str
    leeway: Annotated[float, Meta(ge=0)] = 0

    def check(self) -> Iterator[tuple[str, str]]:
        if self.leeway > 3600:
            yield "leeway", "more than an hour is no leeway"


class User(Settings, frozen=True, kw_only=True):
    name: str
    password: Secret | None = None

    def check(self) -> Iterator[tuple[str, str]]:
        if self.password and len(str(self.password)) < 8:
            yield "password", "too short: at least 8 characters"


class Auth(Settings, frozen=True, kw_only=True):
    key: Secret | None = None
    tokens: tuple[Secret, ...] = ()
    jwt: JWT | None = None
    users: tuple[User, ...] = ()
    limits: dict[str, int] = msgspec.field(default_factory=dict)
    verify: Callable[..., object] | None = None

    def check(self) -> Iterator[tuple[str, str]]:
        if self.key and " " in str(self.key):
            yield "key", f"the key {self.key} holds a blank"
            yield f"tokens.{self.key}", "is keyed by a secret"


class Plain(msgspec.Struct, frozen=True):
    """Checks itself as plain Python does."""

    size: int = 0

    def __post_init__(self) -> None:
        if self.size == 1:
            raise ValueError("size 1 is not enough")
        if self.size == 2:
            raise RuntimeError("a bug")


def problems_of(cls: type[msgspec.Struct], section: str, toml: str = "", **environ: str) -> list[str]:
    if toml:
        pathlib.Path("pegboard.toml").write_text(toml, encoding="utf-8")
    sources = read_sources(environ=environ)
    assert not sources.problems
    return [str(problem) for problem in load(cls, section, sources).problems]


@pytest.fixture(autouse=True)
def _here(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_everything_wrong_in_a_section_is_said_at_once() -> None:
    toml = """\
[cors]
allow_origins = [
    "https://a.example",
    5,
    true,
]
max_age = "ten"
max_aeg = 5
mode = "loose"
"""
    assert "\n".join(problems_of(CORS, "cors", toml, PEGBOARD_CORS__ALLOW_CREDENTIALS="maybe")) == (
        "pegboard.toml:8: cors.max_aeg: unknown setting\n"
        "    did you mean max_age?\n"
        "pegboard.toml:4: cors.allow_origins[1]: expected a string, got 5\n"
        '    write it as "5"\n'
        "pegboard.toml:5: cors.allow_origins[2]: expected a string, got true\n"
        'pegboard.toml:7: cors.max_age: expected an integer ≥ 0, got "ten"\n'
        'pegboard.toml:9: cors.mode: expected "lax" or "strict", got "loose"\n'
        'environment PEGBOARD_CORS__ALLOW_CREDENTIALS: cors.allow_credentials: expected true or false, got "maybe"'
    )


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ('max_age = "5"', 'cors.max_age: expected an integer ≥ 0, got "5"\n    write it as 5'),
        ("max_age = -1", "cors.max_age: expected an integer ≥ 0, got -1"),
        ("max_age = 5.0", "cors.max_age: expected an integer ≥ 0, got 5.0"),
        ("max_age = true", "cors.max_age: expected an integer ≥ 0, got true"),
        ("max_age = {}", "cors.max_age: expected an integer ≥ 0, got {}"),
        (
            'allow_origins = "https://a.example"',
            (
                'cors.allow_origins: expected a list of strings, got "https://a.example"\n'
                '    write it as ["https://a.example"]'
            ),
        ),
        (
            'allow_credentials = "yes"',
            'cors.allow_credentials: expected true or false, got "yes"\n    write it as true',
        ),
        ("zzz = 1", "cors.zzz: unknown setting\n    the settings are: allow_credentials, allow_origins, max_age, mode"),
    ],
)
def test_a_wrong_value_is_said_with_what_would_be_right(toml: str, problem: str) -> None:
    assert problems_of(CORS, "cors", f"[cors]\n{toml}\n") == [f"pegboard.toml:2: {problem}"]


def test_what_the_settings_check_themselves_is_said_with_its_line() -> None:
    toml = '[cors]\nallow_origins = [\n    "https://a.example",\n    "https://b.example/",\n    "https://c.example/x",\n]\n'
    assert problems_of(CORS, "cors", toml) == [
        "pegboard.toml:4: cors.allow_origins[1]: an origin has no path: write https://b.example",
        "pegboard.toml:5: cors.allow_origins[2]: an origin has no path: write https://c.example",
    ]


@pytest.mark.parametrize(
    ("toml", "environ", "where"),
    [
        ("[cors]\nallow_credentials = true\n", {}, "pegboard.toml:1"),
        ("", {"PEGBOARD_CORS__ALLOW_CREDENTIALS": "on"}, "configuration"),
    ],
)
def test_a_problem_with_a_default_points_to_the_section(toml: str, environ: dict[str, str], where: str) -> None:
    assert problems_of(CORS, "cors", toml, **environ) == [
        f"{where}: cors.allow_origins: allow_credentials needs origins by name"
    ]


def test_settings_check_themselves_only_when_their_types_are_right() -> None:
    toml = '[cors]\nallow_credentials = true\nallow_origins = "x"\n'
    assert len(problems_of(CORS, "cors", toml)) == 1


def test_tables_within_tables_are_checked_as_deeply() -> None:
    toml = """\
[auth.jwt]
leeway = -1
isuer = "x"
[[auth.users]]
name = "a"
[[auth.users]]
nam = "b"
[auth.limits]
a = 1
b = "x"
"""
    assert problems_of(Auth, "auth", toml) == [
        "pegboard.toml:3: auth.jwt.isuer: unknown setting\n    did you mean issuer?",
        (
            "pegboard.toml:1: auth.jwt.issuer: expected a string, got nothing\n"
            "    it has no default and must be given, for example as PEGBOARD_AUTH__JWT__ISSUER"
        ),
        "pegboard.toml:2: auth.jwt.leeway: expected a number ≥ 0, got -1",
        "pegboard.toml:7: auth.users[1].nam: unknown setting\n    did you mean name?",
        "pegboard.toml:6: auth.users[1].name: expected a string, got nothing\n    it has no default and must be given",
        'pegboard.toml:10: auth.limits.b: expected an integer, got "x"',
    ]


def test_tables_within_tables_check_themselves() -> None:
    toml = '[auth.jwt]\nissuer = "x"\nleeway = 4000\n[[auth.users]]\nname = "a"\npassword = "tiny"\n'
    assert problems_of(Auth, "auth", toml) == [
        "pegboard.toml:3: auth.jwt.leeway: more than an hour is no leeway",
        "pegboard.toml:6: auth.users[0].password: too short: at least 8 characters",
    ]


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        (
            {"PEGBOARD_AUTH__JWT": "leeway=5"},
            (
                'environment PEGBOARD_AUTH__JWT: auth.jwt: expected a table, got "leeway=5"\n'
                '    write the table as JSON: {"key": "value"}'
            ),
        ),
        (
            {"PEGBOARD_AUTH__JWT__ISSUER": "x", "PEGBOARD_AUTH__JWT__LEEWAY": "soon"},
            'environment PEGBOARD_AUTH__JWT__LEEWAY: auth.jwt.leeway: expected a number ≥ 0, got "soon"',
        ),
        (
            {"PEGBOARD_AUTH__JWX__LEEWAY": "5"},
            "environment PEGBOARD_AUTH__JWX__LEEWAY: auth.jwx: unknown setting\n    did you mean jwt?",
        ),
        (
            {"PEGBOARD_AUTH__VERIFY": "app:verify"},
            'environment PEGBOARD_AUTH__VERIFY: auth.verify: expected a function, given in code, got "app:verify"',
        ),
        (
            {"PEGBOARD_AUTH__USERS": "x"},
            (
                "environment PEGBOARD_AUTH__USERS: auth.users[0]: expected a table, "
                "got another value (not shown, since it may be secret)\n"
                '    write the table as JSON: {"key": "value"}'
            ),
        ),
    ],
)
def test_problems_of_the_environment_name_the_variable(environ: dict[str, str], problem: str) -> None:
    assert problems_of(Auth, "auth", **environ) == [problem]


def test_plain_exceptions_of_a_check_belong_to_the_section() -> None:
    assert problems_of(Plain, "plain", "[plain]\nsize = 1\n") == ["pegboard.toml:1: plain: size 1 is not enough"]


def test_a_bug_in_a_check_is_raised_with_the_name_of_the_settings() -> None:
    with pytest.raises(RuntimeError) as caught:
        problems_of(Plain, "plain", "[plain]\nsize = 2\n")
    assert caught.value.__notes__ == ["raised while Plain checked the settings of plain"]


SECRET = "hunter2 the secret"


@pytest.mark.parametrize(
    "section",
    [
        {"key": [SECRET]},
        {"key": {"value": SECRET}},
        {"key": SECRET},
        {"tokens": SECRET},
        {"tokens": [{"token": SECRET}]},
        {"tokens": [5, [SECRET]]},
        {"users": SECRET},
        {"users": {"name": SECRET}},
        {"users": [SECRET]},
        {"users": [{"name": "a", "password": [SECRET]}]},
        {"users": [{"name": "a", "pasword": SECRET}]},
        {"unknown": SECRET},
    ],
)
def test_no_problem_shows_a_secret(section: dict[str, Any]) -> None:
    problems = load(Auth, "auth", read_sources({"auth": section}, environ={})).problems
    assert problems
    assert not [problem for problem in problems if "hunter2" in repr(problem) or "hunter2" in str(problem)]


def test_a_check_that_would_show_a_secret_is_withheld() -> None:
    found = load(Auth, "auth", read_sources({"auth": {"key": SECRET, "tokens": ["tokens", SECRET]}}, environ={}))
    refusal = "the value is refused (the reason is not shown, because it would show a secret)"
    assert [(problem.key, problem.message) for problem in found.problems] == [
        ("auth.key", refusal),
        ("auth.tokens", "is keyed by a secret"),
    ]


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "issuer", "leeway", "x", ""]), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from([*Auth.__struct_fields__, *CORS.__struct_fields__, "x", ""])


@given(st.dictionaries(KEYS, VALUES), st.sampled_from([Auth, CORS]))
def test_no_configuration_raises(section: dict[str, Any], cls: type[Settings]) -> None:
    found = load(cls, "x", read_sources({"x": section}, environ={}))
    assert (found.value is None) == bool(found.problems)
    assert isinstance(found.value, cls | None)


class Hinting(Settings, frozen=True, kw_only=True):
    """A field that is easily taken for another one."""

    pattern: Annotated[int, Meta(extra={"hint": "names go into patterns"})] = 0


def test_a_field_says_itself_what_to_do_with_something_else() -> None:
    """What the type alone cannot tell stands in the field's Meta."""
    loaded = load(Hinting, "demo", read_sources({"demo": {"pattern": ["a"]}}))
    assert "names go into patterns" in str(loaded.problems[0])

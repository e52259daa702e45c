"""The settings of the plugin and of routes, checked on their own: what is wrong is found before the board starts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from pegboard.settings import Settings
from pegboard_auth.credential_settings import (
    APIKeysSettings,
    BasicSettings,
    Problems,
    TokenSettings,
    check_takes,
    check_twice,
    check_words,
)
from pegboard_auth.jwt_settings import JWTSettings
from pegboard_auth.login_redirects import is_local
from pegboard_auth.oidc_settings import OIDCSettings
from pegboard_auth.schemes import Scheme
from pegboard_auth.session_settings import SessionSettings

__all__ = ["AuthSettings", "RouteSettings"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REALM = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")


class AuthSettings(Settings, frozen=True, kw_only=True):
    """The section ``auth``. Without a scheme in it the plugin does nothing."""

    default: Annotated[
        Literal["deny", "allow"] | None,
        Meta(description="What holds for routes that say nothing. Left out: deny, once there is a scheme."),
    ] = None
    realm: Annotated[str, Meta(description="The name that challenges carry.")] = "pegboard"
    order: Annotated[tuple[str, ...], Meta(description="Names of schemes, first those that are tried first.")] = ()
    tokens: Annotated[tuple[TokenSettings, ...], Meta(description="Bearer tokens.")] = ()
    max_token_size: Annotated[int, Meta(ge=64, description="The longest bearer token, in bytes.")] = 8192
    jwt: Annotated[JWTSettings | None, Meta(description="Bearer tokens that are JWT.")] = None
    api_keys: Annotated[APIKeysSettings | None, Meta(description="API keys.")] = None
    basic: Annotated[BasicSettings | None, Meta(description="Basic authentication.")] = None
    sessions: Annotated[SessionSettings | None, Meta(description="Sessions of browsers.")] = None
    oidc: Annotated[OIDCSettings | None, Meta(description="Login at an OpenID provider, into sessions.")] = None
    custom_schemes: Annotated[tuple[Any, ...], Meta(description="Schemes of one's own, in code only.")] = ()
    policies: Annotated[
        dict[str, Callable[..., Any]], Meta(description="Functions (connection, access) -> bool, in code only.")
    ] = field(default_factory=dict)
    websocket_check: Annotated[
        float,
        Meta(ge=0, description="Seconds between looks at open WebSockets whose callers may lose their right; 0: none."),
    ] = 60.0
    login_path: Annotated[
        str | None,
        Meta(
            description="Where browsers that navigate without credentials are sent: a path of this host. "
            "Left out: that of oidc, if there is one."
        ),
    ] = None

    def check(self) -> Problems:
        """Yield what is wrong."""
        if not _REALM.fullmatch(self.realm):
            yield "realm", "expected printable ASCII without quotes and backslashes"
        if self.login_path is not None and not is_local(self.login_path):
            yield "login_path", "expected a path of this host, with one slash in front, such as /login"
        if self.oidc is not None and self.sessions is None:
            yield "oidc", "a login needs a session to lead to; give sessions keys"
        yield from check_twice("tokens", self.tokens)
        for name, policy in self.policies.items():
            yield from check_takes(f"policies.{name}", policy, "connection", "access")
        yield from self._check_schemes()

    def _check_schemes(self) -> Problems:
        for index, scheme in enumerate(self.custom_schemes):
            if problem := _scheme_problem(scheme):
                yield f"custom_schemes[{index}]", problem
        names = self.scheme_names()
        for name, count in Counter(names).items():
            if count > 1:
                yield "custom_schemes", f"{count} schemes are called {name!r}; give each a name of its own"
        for name in self.order:
            if name not in names:
                yield "order", f"{name!r} is no scheme that is configured; there are: {', '.join(names) or 'none'}"
        if self.default == "deny" and not names:
            yield "default", 'with "deny" and no scheme nobody gets in; configure a scheme, such as tokens'

    def page_to_log_in(self) -> str | None:
        """Where browsers without credentials are sent, if anywhere."""
        return self.oidc.login_path if self.login_path is None and self.oidc is not None else self.login_path

    def scheme_names(self) -> list[str]:
        """The names of the schemes that are configured, in the order of their own."""
        built_in = {
            "bearer": self.tokens or self.jwt,
            "api-key": self.api_keys,
            "basic": self.basic,
            "session": self.sessions,
        }
        return [
            *(name for name, settings in built_in.items() if settings),
            *(scheme.name for scheme in self.custom_schemes if not _scheme_problem(scheme)),
        ]


def _scheme_problem(scheme: Any) -> str:
    """What is wrong with a scheme of one's own, or empty."""
    kind = type(scheme).__name__
    if not isinstance(scheme, Scheme):
        return f"expected an object of a class derived from Scheme, got {kind}"
    name = getattr(scheme, "name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return f"{kind} has no name; give it one word of letters, digits, hyphens and underscores"
    if type(scheme).authenticate is Scheme.authenticate:
        return f"{kind} has no authenticate(connection) of its own, and would find nobody"
    return ""


class RouteSettings(Settings, frozen=True, kw_only=True):
    """What a route, or a mount for all below it, asks: ``plugins={"auth": {...}}``.

    What a route says replaces what its mount says, key by key. ``access`` is left out for what ``default`` says;
    scopes, roles and policies ask for known callers by themselves.
    """

    access: Annotated[
        Literal["required", "optional", "public"] | None,
        Meta(description="required: known callers only; optional: anonymous ones too; public: nobody is asked."),
    ] = None
    scopes: Annotated[tuple[str, ...], Meta(description="Scopes that callers need, all of them.")] = ()
    roles: Annotated[tuple[str, ...], Meta(description="Roles of which callers need one.")] = ()
    policy: Annotated[tuple[str, ...], Meta(description="Names of policies that callers must pass, all of them.")] = ()
    schemes: Annotated[
        tuple[str, ...] | None, Meta(description="Names of the schemes that count here; left out: all.")
    ] = None

    def check(self) -> Problems:
        """Yield what is wrong."""
        yield from check_words("scopes", self.scopes)
        yield from check_words("roles", self.roles)
        if self.access in ("public", "optional") and (self.scopes or self.roles or self.policy):
            yield (
                "access",
                (
                    f'"{self.access}" lets anonymous callers in, but scopes, roles or a policy are asked for as well, '
                    'here or further out; empty them, or say access = "required"'
                ),
            )
        if self.schemes == ():
            yield "schemes", "no scheme at all would let nobody in; name one, or leave it out"

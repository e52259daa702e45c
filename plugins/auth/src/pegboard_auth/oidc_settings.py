"""The table ``auth.oidc``, checked on its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlsplit

from msgspec import Meta

from pegboard.settings import Settings
from pegboard.text_values import Secret
from pegboard_auth.credential_settings import Problems, check_words
from pegboard_auth.fetching import check_url
from pegboard_auth.jwt_settings import JWKSSettings
from pegboard_auth.login_redirects import is_local

__all__ = ["OIDCSettings"]

# A route's template gives braces a meaning, and a path has neither query nor fragment.
_NOT_IN_PATH = re.compile(r"[{}?#]")


class OIDCSettings(Settings, frozen=True, kw_only=True):
    """Login at an OpenID provider: which one, as what client, and where its pages are here."""

    issuer: Annotated[str, Meta(description="The provider's URL, as its metadata spells it.")]
    client_id: Annotated[str, Meta(min_length=1, description="What the provider calls this application.")]
    redirect_uri: Annotated[
        str, Meta(description="Where the provider sends browsers back to: this application's public URL and a path.")
    ]
    client_secret: Annotated[
        Secret | None, Meta(description="This application's password at the provider; left out: a public client.")
    ] = None
    scopes: Annotated[tuple[str, ...], Meta(description="What the provider is asked for.")] = ("openid", "profile")
    jwks: Annotated[JWKSSettings, Meta(description="How the provider's keys are fetched and kept.")] = JWKSSettings()
    login_path: Annotated[str, Meta(description="The path that begins a login.")] = "/login"
    callback_path: Annotated[
        str | None, Meta(description="The path of redirect_uri as this application sees it, if a proxy changes it.")
    ] = None
    logout_path: Annotated[str, Meta(description="The path that ends a session, by POST.")] = "/logout"
    after_login: Annotated[str, Meta(description="Where a login without next leads to.")] = "/"
    after_logout: Annotated[str, Meta(description="Where a logout leads to.")] = "/"
    login_timeout: Annotated[float, Meta(ge=30, le=3600, description="Seconds that a login may take.")] = 600.0
    address_attempts: Annotated[
        int,
        Meta(
            ge=0,
            description="How many logins of one address may fail; 0 for no limit. Behind a proxy all may "
            "have one address.",
        ),
    ] = 100
    address_seconds: Annotated[float, Meta(gt=0, description="The time in which they are given back.")] = 300.0
    leeway: Annotated[float, Meta(ge=0, le=300, description="Seconds by which clocks may differ.")] = 30.0
    identity_claim: Annotated[str, Meta(min_length=1, description="The claim that is the identity.")] = "sub"
    roles_claim: Annotated[str, Meta(min_length=1, description="The claim that lists roles.")] = "roles"
    admit: Annotated[
        Callable[[Any], Any] | None,
        Meta(
            description="Asked with the Access of whoever logs in, sync or async; gives an Access, or None to refuse."
        ),
    ] = None

    def check(self) -> Problems:
        """Yield what is wrong."""
        for key, url in (("issuer", self.issuer), ("redirect_uri", self.redirect_uri)):
            if problem := check_url(url):
                yield key, problem
        if self.client_secret is not None and not self.client_secret:
            yield "client_secret", "it is empty; give the secret, or leave it out for a public client"
        if "openid" not in self.scopes:
            yield "scopes", 'expected "openid" among them; without it there is no ID token'
        yield from check_words("scopes", self.scopes)
        yield from self._check_paths()

    def callback(self) -> str:
        """The path that the provider sends browsers back to, as this application sees it."""
        return self.callback_path or urlsplit(self.redirect_uri).path or "/"

    def _check_paths(self) -> Problems:
        for key in ("after_login", "after_logout"):
            if not is_local(getattr(self, key)):
                yield key, "expected a path of this host, with one slash in front, such as /start"
        routes = {"login_path": self.login_path, "callback_path": self.callback(), "logout_path": self.logout_path}
        for key, path in routes.items():
            if not is_local(path) or _NOT_IN_PATH.search(path):
                yield key, "expected a path of this application, without a query, such as /login"
        if len(set(routes.values())) < len(routes):
            yield "", "login, callback and logout need a path each; two of them have the same"

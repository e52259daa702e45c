"""The pages of a login at an OpenID provider: one that begins it, one that the browser comes back to, and the logout.

Rules that must not move:

- What ties a browser to the login it has begun is a cookie: signed, ``__Host-``, short-lived, gone once it was used.
- The browser is sent to the address in the configuration and comes back to a path of this host: nothing of that is
  taken from the Host header, and ``next`` is checked when it comes and again before it is followed.
- Whatever fails, the client learns that the login has failed; why stands in the log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from inspect import isawaitable
from typing import Any, Final

from pegboard.cookies import set_cookie_header
from pegboard.exceptions import HTTPException
from pegboard.requests import Request
from pegboard.responses import RedirectResponse, Response
from pegboard.routing import BaseRoute, Route
from pegboard_auth.audit import Audit
from pegboard_auth.identity import Access, User, is_name
from pegboard_auth.login_redirects import safe_next
from pegboard_auth.oidc_flow import (
    MAX_NEXT,
    Attempt,
    LoginFailed,
    authorization_url,
    begin,
    check_id_token,
    read_attempt,
    read_callback,
)
from pegboard_auth.oidc_provider import Provider
from pegboard_auth.oidc_settings import OIDCSettings
from pegboard_auth.refusals import Rejected
from pegboard_auth.session_signing import Signing
from pegboard_auth.sessions import Sessions
from pegboard_auth.throttle import LoginThrottle, TooManyLogins, address_of

__all__ = ["OIDCLogin"]

COOKIE: Final = "__Host-login"
MAX_COOKIE: Final = 4096
"""The longest value of the cookie, in characters."""

OIDC: Final = "oidc"
"""What the log calls this way to log in."""

_PUBLIC: Final = {"auth": {"access": "public"}}
_OF_THE_PROTOCOL: Final = frozenset(
    {"iss", "aud", "exp", "iat", "nbf", "jti", "nonce", "azp", "at_hash", "c_hash", "s_hash", "sid"}
)


class OIDCLogin:
    """Logs browsers in at ``provider``, into ``sessions``; ``clock`` gives seconds since the epoch."""

    def __init__(
        self,
        settings: OIDCSettings,
        provider: Provider,
        sessions: Sessions,
        signing: Signing,
        throttle: LoginThrottle,
        audit: Audit,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._sessions = sessions
        self._signing = signing
        self._throttle = throttle
        self._audit = audit
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """The routes of the three pages, open to everybody."""
        settings = self._settings
        return [
            Route(settings.login_path, self.begin, name="auth-login", plugins=_PUBLIC),
            Route(settings.callback(), self.finish, name="auth-callback", plugins=_PUBLIC),
            Route(settings.logout_path, self.log_out, methods=["POST"], name="auth-logout", plugins=_PUBLIC),
        ]

    async def begin(self, request: Request) -> Response:
        """Send the browser to the provider; afterwards it comes back to ``next``, a path of this host."""
        settings = self._settings
        try:
            metadata = await self._provider.metadata()
        except Rejected as error:
            raise self._failed(request, error) from error
        given = request.query_params.get("next", "")
        target = safe_next(given, settings.after_login) if len(given) <= MAX_NEXT else settings.after_login
        attempt = begin(target, self._clock())
        url = authorization_url(
            metadata.authorization_endpoint, settings.client_id, settings.redirect_uri, settings.scopes, attempt
        )
        cookie = _cookie(self._signing.sign(attempt.write()), int(settings.login_timeout))
        return RedirectResponse(url, 303, {"Cache-Control": "no-store", "Set-Cookie": cookie})

    async def finish(self, request: Request) -> Response:
        """Take the provider's answer, and log in whom it names."""
        try:
            attempt = self._attempt(request)
            metadata = await self._provider.metadata()
            issuer, always = self._settings.issuer, metadata.names_issuer
            code = read_callback(request.query_params, attempt, issuer, always_names_issuer=always)
        except (LoginFailed, Rejected) as error:
            raise self._failed(request, error) from error
        # What comes now costs the provider something, so that nobody makes us ask it without end.
        address = address_of(request)
        self._charge(request, address)
        try:
            access = await self._redeemed(code, attempt)
        except (LoginFailed, Rejected) as error:
            raise self._failed(request, error, is_over=error.status_code != 503) from error
        self._throttle.succeeded("", address)
        response = RedirectResponse(safe_next(attempt.next, self._settings.after_login), 303)
        await self._sessions.log_in(request, response, access)
        response.headers.append("set-cookie", _cookie("", 0))
        return response

    async def log_out(self, request: Request) -> Response:
        """End the browser's session here; at the provider its user stays logged in."""
        response = RedirectResponse(self._settings.after_logout, 303)
        await self._sessions.log_out(request, response)
        return response

    def _charge(self, request: Request, address: str) -> None:
        try:
            self._throttle.attempt("", address)
        except TooManyLogins as many:
            reason = f"too many logins for this {many.what}"
            raise self._failed(request, LoginFailed(reason, 429, many.retry_after)) from many

    def _attempt(self, request: Request) -> Attempt:
        value = request.cookies.get(COOKIE)
        written = None if value is None else self._signing.verify(value, MAX_COOKIE)
        return read_attempt(written, self._clock(), self._settings.login_timeout)

    async def _redeemed(self, code: str, attempt: Attempt) -> Access:
        """Who the provider says has logged in. Raises LoginFailed and `Rejected`."""
        settings, provider = self._settings, self._provider
        verified = await provider.verify(await provider.redeem(code, attempt.verifier))
        check_id_token(verified.claims, settings.client_id, attempt.nonce, settings.identity_claim)
        access = _session_access(verified)
        if settings.admit is None:
            return access
        admitted = settings.admit(access)
        if isawaitable(admitted):
            admitted = await admitted
        if admitted is None:
            raise Rejected("not admitted", identity=access.identity)
        if not isinstance(admitted, Access):
            raise TypeError(
                f"auth.oidc.admit returned {type(admitted).__name__}; expected an Access, or None to refuse"
            )
        return admitted

    def _failed(self, request: Request, error: LoginFailed | Rejected, *, is_over: bool = False) -> HTTPException:
        """The answer to a login that has come to nothing; it says so, and the log says why.

        One that ``is_over`` cannot be tried again with the same answer of the provider.
        """
        # Of a token that does not count there is no more to tell than of a user who may not.
        status_code = 403 if error.status_code == 401 else error.status_code
        identity = error.identity if isinstance(error, Rejected) else ""
        self._audit.note(logging.WARNING, "login failed", request, OIDC, identity, error.reason, status_code)
        headers = {"Cache-Control": "no-store"}
        if error.retry_after is not None:
            headers["Retry-After"] = str(error.retry_after)
        if is_over:
            headers["Set-Cookie"] = _cookie("", 0)
        return HTTPException(status_code, "The login has failed; please try again", headers)


def _cookie(value: str, max_age: int) -> str:
    # Lax, and not strict: the provider's redirect comes from another site.
    return set_cookie_header(COOKIE, value, max_age, secure=True, httponly=True, samesite="lax")


def _session_access(verified: Access) -> Access:
    """What a session keeps of an ID token: its user, roles, and the claims that are about the user.

    Scopes of the token, if any, are about the provider, and give nothing here.
    """
    claims: Mapping[str, Any] = verified.claims
    kept = {name: value for name, value in claims.items() if name not in _OF_THE_PROTOCOL}
    names = (claims.get(name) for name in ("name", "preferred_username", "email"))
    display_name = next((name for name in names if is_name(name)), None)
    return Access(User(verified.identity, display_name), OIDC, (), verified.roles, kept)

"""From the table ``auth.oidc`` to the pages of a login, once, when the board freezes."""

from __future__ import annotations

from pegboard_auth.audit import Audit
from pegboard_auth.oidc_login import OIDC, OIDCLogin
from pegboard_auth.oidc_provider import Provider
from pegboard_auth.session_signing import Signing
from pegboard_auth.sessions import Sessions
from pegboard_auth.settings import AuthSettings
from pegboard_auth.throttle import Buckets, LoginThrottle

__all__ = ["build_oidc"]


def build_oidc(settings: AuthSettings, sessions: Sessions | None, audit: Audit) -> OIDCLogin | None:
    """The login at the provider that is configured, or None."""
    if settings.oidc is None or settings.sessions is None or sessions is None:
        return None
    signing = Signing(map(str, settings.sessions.keys), OIDC)
    attempts, seconds = settings.oidc.address_attempts, settings.oidc.address_seconds
    throttle = LoginThrottle(addresses=Buckets(attempts, seconds) if attempts else None)
    return OIDCLogin(settings.oidc, Provider(settings.oidc), sessions, signing, throttle, audit)

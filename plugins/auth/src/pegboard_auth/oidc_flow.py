"""The steps of a login at an OpenID provider, as pure functions: the authorisation code flow with PKCE.

::

    browser ── /login ──▶ begin: an attempt, kept in a signed cookie of this browser
       │ ◀── redirect to the provider with state, nonce and code_challenge
       ├── the provider asks its user ──▶ redirect back with code, state, iss
       └── /login/callback ──▶ read_callback: the answer belongs to the attempt
                               the code is redeemed with the code_verifier, at the provider
                               check_id_token: the token belongs to the attempt

What ties the answer to the browser that has asked is ``state`` (RFC 6749 section 10.12), the token to the attempt is
``nonce`` (OpenID Connect Core section 3.1.2.1), the code to us is the ``code_verifier`` (RFC 7636), and the answer to
the provider is ``iss`` (RFC 9207).
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from pegboard.datastructures import QueryParams
from pegboard_auth.refusals import Rejected

__all__ = ["Attempt", "LoginFailed", "authorization_url", "begin", "check_id_token", "read_attempt", "read_callback"]

MAX_NEXT: Final = 1024
"""The longest path, in characters, that is come back to; browsers keep cookies of 4096."""

MAX_CODE: Final = 4096
"""The longest authorisation code, in characters."""

# RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6: no other text of an answer gets into the log.
_ERRORS: Final = frozenset(
    {
        "access_denied",
        "account_selection_required",
        "consent_required",
        "interaction_required",
        "invalid_request",
        "invalid_request_object",
        "invalid_request_uri",
        "invalid_scope",
        "login_required",
        "registration_not_supported",
        "request_not_supported",
        "request_uri_not_supported",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_response_type",
    }
)


class LoginFailed(Exception):
    """A login has come to nothing. ``reason`` is for the log: it is ours, and holds nothing that is secret."""

    def __init__(self, reason: str, status_code: int = 400, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status_code = status_code
        self.retry_after = retry_after


class Attempt(msgspec.Struct, frozen=True):
    """A login that was begun: what its browser keeps until it comes back. ``begun`` is in seconds since the epoch."""

    state: str
    nonce: str
    verifier: str
    next: str
    begun: float

    def __repr__(self) -> str:
        """Without the secrets that tie the login to its browser."""
        return f"Attempt(begun={self.begun!r})"

    def write(self) -> str:
        """The attempt as ASCII for a cookie."""
        return urlsafe_b64encode(msgspec.json.encode(self)).decode("ascii").rstrip("=")


def begin(next: str, now: float) -> Attempt:
    """A new attempt to log in, after which the browser goes to ``next``, which was checked to be a path of ours."""
    # RFC 7636 section 7.1: the verifier has 256 random bits.
    return Attempt(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(32), next, now)


def read_attempt(text: str | None, now: float, lasts: float) -> Attempt:
    """The attempt that was written as ``text``. Raises LoginFailed for none, or one that is older than ``lasts``."""
    if text is None:
        raise LoginFailed("no login was begun in this browser")
    try:
        attempt = msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Attempt)
    except (ValueError, msgspec.DecodeError):
        raise LoginFailed("the login that was begun cannot be read") from None
    # Behind a balancer another machine may have begun it, whose clock is ahead.
    if abs(now - attempt.begun) >= lasts:
        raise LoginFailed("the login was begun too long ago")
    return attempt


def authorization_url(endpoint: str, client_id: str, redirect_uri: str, scopes: Sequence[str], attempt: Attempt) -> str:
    """Where the browser is sent to (OpenID Connect Core section 3.1.2.1)."""
    challenge = urlsafe_b64encode(sha256(attempt.verifier.encode("ascii")).digest()).decode("ascii").rstrip("=")
    query = urlencode(
        {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
    )
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}"


def read_callback(params: QueryParams, attempt: Attempt, issuer: str, *, always_names_issuer: bool) -> str:
    """The code that the provider has sent for ``attempt``. Raises LoginFailed.

    ``always_names_issuer`` is the provider's word that its answers carry ``iss``; one without it is then another's.
    """
    given = {name: _single(params, name) for name in ("state", "iss", "error", "code")}
    state, iss, error, code = given.values()
    if state is None or not _is_same(state, attempt.state):
        raise LoginFailed("the answer is for another login than the one that was begun in this browser")
    # RFC 9207 section 2.4: before anything else in the answer is believed, errors included.
    if (iss is None and always_names_issuer) or (iss is not None and iss != issuer):
        raise LoginFailed("the answer is another provider's")
    if error is not None:
        raise LoginFailed(f"the provider says {error if error in _ERRORS else 'an error of its own'}", 403)
    if not code or len(code) > MAX_CODE or not (code.isascii() and code.isprintable()):
        raise LoginFailed("the answer has no code that could be one")
    return code


def check_id_token(claims: Mapping[str, Any], client_id: str, nonce: str, identity_claim: str = "sub") -> None:
    """Check what an ID token must say besides what every JWT must (OpenID Connect Core section 3.1.3.7).

    Its signature, ``iss``, ``aud`` and ``exp`` were checked before. Raises `Rejected`.
    """
    found = claims.get("nonce")
    if not isinstance(found, str) or not _is_same(found, nonce):
        raise Rejected("the nonce is another login's")
    audience, party = claims.get("aud"), claims.get("azp")
    if (party is None and isinstance(audience, list) and len(audience) > 1) or party not in (None, client_id):
        raise Rejected("the token was issued to another party")
    if "iat" not in claims or not isinstance(claims.get("sub"), str):
        raise Rejected("no iat, or no sub")
    # Anybody may tell a provider an address; only one that it has tried is somebody's.
    if identity_claim == "email" and claims.get("email_verified") is not True:
        raise Rejected("the provider has not verified the email address")


def _single(params: QueryParams, name: str) -> str | None:
    """The parameter ``name``. Raises LoginFailed when it is repeated (RFC 6749 section 3.1)."""
    values = params.getlist(name)
    if len(values) > 1:
        raise LoginFailed(f"the answer has {name} several times")
    return values[0] if values else None


def _is_same(given: str, expected: str) -> bool:
    return compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("ascii"))

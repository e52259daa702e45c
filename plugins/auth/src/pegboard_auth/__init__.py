"""Authentication and authorisation for Pegboard."""

from pegboard_auth.basic import Account
from pegboard_auth.guards import public, requires
from pegboard_auth.identity import Access, AnonymousUser, User
from pegboard_auth.login_redirects import safe_next
from pegboard_auth.logins import end_sessions, log_in, log_out
from pegboard_auth.passwords import Passwords, hash_password
from pegboard_auth.plugin import Auth
from pegboard_auth.refusals import Rejected
from pegboard_auth.schemes import Scheme
from pegboard_auth.session_sqlite import SQLiteSessions
from pegboard_auth.session_stores import MemorySessions, SessionStore, SessionStoreError, StoredSession
from pegboard_auth.settings import AuthSettings, RouteSettings
from pegboard_auth.throttle import Buckets, LoginThrottle, TooManyLogins, address_of
from pegboard_auth.tokens import Grant, digest_of, new_key, new_token

__all__ = [
    "Access",
    "Account",
    "AnonymousUser",
    "Auth",
    "AuthSettings",
    "Buckets",
    "Grant",
    "LoginThrottle",
    "MemorySessions",
    "Passwords",
    "Rejected",
    "RouteSettings",
    "SQLiteSessions",
    "Scheme",
    "SessionStore",
    "SessionStoreError",
    "StoredSession",
    "TooManyLogins",
    "User",
    "address_of",
    "digest_of",
    "end_sessions",
    "hash_password",
    "log_in",
    "log_out",
    "new_key",
    "new_token",
    "public",
    "requires",
    "safe_next",
]

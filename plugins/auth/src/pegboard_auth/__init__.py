"""Authentication and authorisation for Pegboard."""

from pegboard_auth.answers import safe_next
from pegboard_auth.basic import Account
from pegboard_auth.identity import Access, AnonymousUser, User
from pegboard_auth.passwords import hash_password
from pegboard_auth.plugin import Auth
from pegboard_auth.refusals import Rejected
from pegboard_auth.requirements import public, requires
from pegboard_auth.schemes import Scheme
from pegboard_auth.settings import AuthSettings, RouteSettings
from pegboard_auth.tokens import Grant, digest_of, new_key, new_token

__all__ = [
    "Access",
    "Account",
    "AnonymousUser",
    "Auth",
    "AuthSettings",
    "Grant",
    "Rejected",
    "RouteSettings",
    "Scheme",
    "User",
    "digest_of",
    "hash_password",
    "new_key",
    "new_token",
    "public",
    "requires",
    "safe_next",
]

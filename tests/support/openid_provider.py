"""A small OpenID provider for tests, on a real server of the loopback: honest, until a test makes it lie.

It plays its part by the book: codes are good once and for one client, PKCE is checked, ID tokens are signed with ES256.
What a test changes are its attributes; `reset` makes it honest again.
"""

import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import unquote_plus, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey

from pegboard import Pegboard
from pegboard.requests import Request
from pegboard.responses import JSONResponse, RedirectResponse, Response
from pegboard.routing import Route

CLIENT_ID, CLIENT_SECRET = "the client", "its:secret/0123456789"


def new_key(kid: str) -> ECKey:
    """A key to sign with."""
    return ECKey.generate_key("P-256", {"kid": kid, "alg": "ES256", "use": "sig"})


class OpenIDProvider:
    """The provider: an application, and what it knows of its client and its one user."""

    def __init__(self) -> None:
        self.issuer = ""
        self.app = Pegboard(
            routes=[
                Route("/.well-known/openid-configuration", self.show_metadata),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/jwks", self.show_keys),
            ],
            plugins=["none"],
            config={},
        )
        self.reset()

    def reset(self) -> None:
        """Be honest again, and forget all codes."""
        self.key = new_key("one")
        self.published = [self.key]
        self.metadata: dict[str, Any] = {}
        self.callback: dict[str, str | None] = {}
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.answer: Response | None = None
        self.codes: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []

    async def show_metadata(self, request: Request) -> Any:
        """Discovery section 4."""
        self.asked.append("metadata")
        metadata = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }
        return {name: value for name, value in metadata.items() if value is not None}

    async def show_keys(self, request: Request) -> Any:
        """RFC 7517 section 5."""
        self.asked.append("jwks")
        return {"keys": [key.as_dict(private=False) for key in self.published]}

    async def authorize(self, request: Request) -> Response:
        """Core section 3.1.2: its user agrees at once."""
        self.asked.append("authorize")
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = token_urlsafe(16)
        self.codes[code] = asked
        given = {"code": code, "state": asked["state"], "iss": self.issuer, **self.callback}
        query = urlencode({name: value for name, value in given.items() if value is not None})
        return RedirectResponse(f"{asked['redirect_uri']}?{query}", 303)

    async def token(self, request: Request) -> Response:
        """Core section 3.1.3."""
        self.asked.append("token")
        if self.answer is not None:
            return self.answer
        form = await request.form()
        if not self._is_client(request.headers.get("authorization", "")):
            return JSONResponse({"error": "invalid_client"}, 401)
        asked = self.codes.pop(str(form.get("code")), None)
        verifier = sha256(str(form.get("code_verifier")).encode()).digest()
        if (
            asked is None
            or form.get("grant_type") != "authorization_code"
            or form.get("redirect_uri") != asked["redirect_uri"]
            or urlsafe_b64encode(verifier).decode().rstrip("=") != asked["code_challenge"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse(
            {"access_token": token_urlsafe(16), "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}
        )

    def id_token(self, nonce: str) -> str:
        """An ID token about the user, with whatever the test wants it to say."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "user-1",
            "name": "Ann",
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
            **self.claims,
        }
        header = {"alg": "ES256", "kid": self.key.kid, **self.header}
        return jwt.encode(header, {name: value for name, value in claims.items() if value is not None}, self.key)

    def _is_client(self, authorization: str) -> bool:
        scheme, _, credentials = authorization.partition(" ")
        name, _, secret = b64decode(credentials).decode().partition(":")
        return scheme == "Basic" and (unquote_plus(name), unquote_plus(secret)) == (CLIENT_ID, CLIENT_SECRET)


@contextmanager
def listening(app: Any, port: int = 0) -> Iterator[int]:
    """Serve an application on a port of the loopback, any free one unless one is given, in a thread."""
    config = uvicorn.Config(
        app, "127.0.0.1", port, log_level="error", lifespan="off", ws="websockets-sansio", loop="asyncio"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server has not started"
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def serving(provider: OpenIDProvider) -> Iterator[OpenIDProvider]:
    """Serve the provider, whose address becomes its issuer."""
    with listening(provider.app) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        yield provider

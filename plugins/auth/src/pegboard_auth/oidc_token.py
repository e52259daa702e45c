"""The provider's token endpoint, where a code becomes an ID token (RFC 6749 section 4.1.3, RFC 7636 section 4.5).

The endpoint is held to the limits that `pegboard_auth.fetching` has for documents: a time-out for the whole, a cap on
the bytes, no coding, no redirect, and JSON that names each member once. What it answers is judged by a pure function.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote_plus

import anyio

from pegboard_auth.http_clients import http_client, read_at_most
from pegboard_auth.jwt_parsing import Malformed, parse_object
from pegboard_auth.oidc_flow import LoginFailed

__all__ = ["client_credentials", "post_form", "read_answer"]

_ERROR: Final = re.compile(r"[a-z_]{1,64}")


def client_credentials(client_id: str, secret: str | None, *, by_header: bool) -> tuple[dict[str, str], dict[str, str]]:
    """The fields and the headers by which a client shows who it is (RFC 6749 section 2.3.1)."""
    if secret is None:
        return {"client_id": client_id}, {}
    if not by_header:
        return {"client_id": client_id, "client_secret": secret}, {}
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}".encode("ascii")
    return {}, {"authorization": f"Basic {b64encode(pair).decode('ascii')}"}


async def post_form(
    url: str, fields: Mapping[str, str], headers: Mapping[str, str], timeout: float, max_size: int
) -> tuple[int, bytes]:
    """Post a form; gives the answer's status and body. Raises LoginFailed, 503 without an answer and 502 for a bad one.

    ``timeout`` is in seconds for the whole, ``max_size`` in bytes.
    """
    import httpx  # noqa: PLC0415  for boards that log in at a provider

    headers = {"accept": "application/json", "accept-encoding": "identity", **headers}
    try:
        with anyio.fail_after(timeout):
            async with (
                await http_client(timeout) as client,
                client.stream("POST", url, data=dict(fields), headers=headers, follow_redirects=False) as response,
            ):
                if response.headers.get("content-encoding", "identity").lower() != "identity":
                    raise LoginFailed("the token endpoint's answer has a content coding that was not asked for", 502)
                body = await read_at_most(response, max_size)
                if body is None:
                    raise LoginFailed(f"the token endpoint's answer is larger than {max_size} bytes", 502)
                return response.status_code, body
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # The text of such an error may quote what was sent or answered.
        raise LoginFailed(f"the token endpoint cannot be asked: {type(error).__name__}", 503, 5) from error
    except TimeoutError as error:
        raise LoginFailed(f"the token endpoint has not answered within {timeout:g} seconds", 503, 5) from error


def read_answer(status_code: int, body: bytes) -> bytes:
    """The ID token in the token endpoint's answer (OpenID Connect Core section 3.1.3.3). Raises LoginFailed."""
    if status_code >= 500:
        raise LoginFailed(f"the token endpoint answers {status_code}", 503, 5)
    try:
        answer: dict[str, Any] = parse_object(body)
    except Malformed as error:
        raise LoginFailed(f"the token endpoint answers {status_code}: {error}", 502) from None
    if status_code != 200:
        error_code = answer.get("error")
        known = isinstance(error_code, str) and _ERROR.fullmatch(error_code)
        reason = f"the token endpoint answers {status_code}, {error_code if known else 'an error of its own'}"
        # RFC 6749 section 5.2: the code is used up, too old, or another's; all else is between us and the provider.
        raise LoginFailed(reason, 403 if error_code == "invalid_grant" else 502)
    token = answer.get("id_token")
    if not isinstance(token, str) or not token.isascii():
        raise LoginFailed("the token endpoint's answer has no ID token", 502)
    return token.encode("ascii")

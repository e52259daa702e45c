"""The commands ``pegboard auth ...``: what the owner of a board needs at a terminal.

What must never move: passwords and tokens are asked for, or read from standard input; never from the command line,
which other users of the machine see and the shell remembers. What was typed is not shown again.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import anyio
import click
import msgspec

from pegboard_auth.building import build_verifier
from pegboard_auth.credential_settings import APIKeySettings, is_prefix
from pegboard_auth.fetching import FetchError
from pegboard_auth.issuer_keys import IssuerKeys
from pegboard_auth.jwt_keys import VerificationKey, load_key
from pegboard_auth.jwt_settings import JWTSettings
from pegboard_auth.passwords import hash_password
from pegboard_auth.settings import AuthSettings
from pegboard_auth.token_report import TokenReport, report
from pegboard_auth.tokens import digest_of, new_key, new_token

__all__ = ["make_commands"]

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def make_commands(settings: AuthSettings) -> click.Group:
    """The group ``auth``; ``settings`` are those of the board that is looked at."""
    group = click.Group("auth", help="Passwords, keys and tokens.", short_help="Make passwords and keys, check tokens.")
    group.add_command(hash_a_password)
    group.add_command(make_a_key)
    group.add_command(click.Command("check-token", callback=_checking(settings), **_CHECK))
    return group


@click.command("hash-password", short_help="Hash a password for basic.users or a file of accounts.")
@_json
def hash_a_password(as_json: bool) -> None:
    """Ask for a password, or read one from standard input, and print its argon2id hash."""
    password = _secret("Password", confirm=True)
    _say(as_json, {"password_hash": hash_password(password)}, "{password_hash}")


@click.command("new-key", short_help="Make an API key or a bearer token, and the digest to store.")
@click.argument("prefix", required=False)
@_json
def make_a_key(prefix: str | None, as_json: bool) -> None:
    """Make an API key with PREFIX, or without one a bearer token.

    It is shown once; what is stored is its digest.
    """
    if prefix is not None and not is_prefix(prefix):
        raise click.BadParameter("expected 1 to 64 letters, digits, hyphens and underscores", param_hint="PREFIX")
    made = new_token() if prefix is None else new_key(prefix)
    place = "[[auth.tokens]]" if prefix is None else f'[[auth.api_keys.keys]]\nprefix = "{prefix}"'
    _say(
        as_json,
        {"key": made, "digest": digest_of(made)},
        f'{{key}}\n\nGive it to its holder; it is not shown again. For pegboard.toml:\n\n{place}\nidentity = "..."\n'
        'digest = "{digest}"',
    )


def _checking(settings: AuthSettings) -> Callable[[bool], int]:
    def check_a_token(as_json: bool) -> int:
        token = _secret("Token", confirm=False).removeprefix("Bearer ").strip()
        made = _static(settings, token) or _judged(settings, token)
        if as_json:
            click.echo(msgspec.json.format(msgspec.json.encode(made), indent=2).decode())
        else:
            click.echo("\n".join(_lines(made)))
        return 0 if made.counts else 1

    return check_a_token


def _static(settings: AuthSettings, token: str) -> TokenReport | None:
    """What is to be said of a token from the configuration, or None when it is none of those."""
    keys = settings.api_keys.keys if settings.api_keys is not None else ()
    for stored in (*settings.tokens, *keys):
        if stored.stored_digest() == digest_of(token):
            what = "API key" if isinstance(stored, APIKeySettings) else "bearer token"
            is_over = stored.expires is not None and stored.expires.timestamp() <= time.time()
            reason = f"the {what} of {stored.identity} has expired" if is_over else ""
            return TokenReport(not is_over, reason or f"the {what} of {stored.identity}", [])
    return None


def _judged(settings: AuthSettings, token: str) -> TokenReport:
    jwt = settings.jwt
    if jwt is None:
        return TokenReport(False, "unknown token: none of those configured, and [auth.jwt] is not there for others", [])
    try:
        keys = _keys(jwt)
    except FetchError as error:
        return TokenReport(False, f"the issuer's keys cannot be had: {error}", [])
    return report(token.encode(), jwt, build_verifier(jwt, keys), keys, settings.max_token_size, time.time())


def _keys(jwt: JWTSettings) -> Sequence[VerificationKey]:
    """The keys there are now. Raises FetchError when an issuer's cannot be had."""
    remote = jwt.jwks
    if remote is None:
        return [load_key(key.algorithm, key.material(), key.kid) for key in jwt.keys]
    return anyio.run(IssuerKeys(jwt.issuer, remote.url, remote.algorithms, remote.timeout, remote.max_size))


def _lines(made: TokenReport) -> list[str]:
    verdict = "counts" if made.counts else "refused"
    lines = [f"{verdict}: {made.reason}" if made.reason else f"{verdict}; `revoked` is not asked here"]
    if made.facts:
        width = max(len(fact.name) for fact in made.facts)
        lines.append("")
        for fact in made.facts:
            lines += [f"{fact.name:<{width}}  token   {fact.token}", f"{'':<{width}}  wanted  {fact.wanted}"]
    return lines


def _secret(what: str, confirm: bool) -> str:
    """What is typed at a terminal without being shown, or the first line of standard input."""
    if sys.stdin.isatty():
        return str(click.prompt(what, hide_input=True, confirmation_prompt=confirm))
    try:
        line = sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise click.UsageError(f"expected a {what.lower()} in UTF-8 on standard input") from None
    if not line:
        raise click.UsageError(f"expected a {what.lower()} on standard input, got nothing")
    return line


def _say(as_json: bool, data: dict[str, Any], text: str) -> None:
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2).decode())
    else:
        click.echo(text.format(**data))


_CHECK: dict[str, Any] = {
    "params": [click.Option(["--json", "as_json"], is_flag=True, help="Print JSON, for programs.")],
    "short_help": "Say whether a token counts, and why it does not.",
    "help": "Ask for a token, or read one from standard input, and say whether it counts here, and why it does not.",
}

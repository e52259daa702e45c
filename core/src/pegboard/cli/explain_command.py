"""``pegboard explain``: the route that a request would reach, and its whole pipeline as a picture in text.

The picture reads from top to bottom, as events happen; what stands further to the right is further inside.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import click

from pegboard.cli.boards import frozen, the_board
from pegboard.cli.console import emit_json
from pegboard.cli.explaining import Explanation, explain_scope
from pegboard.cli.failures import Refused
from pegboard.cli.live import make_scope, run_live
from pegboard.cli.options import as_json, of_application

__all__ = ["explain"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*(.*)")
ARROWS = {"in": "→", "endpoint": "●", "out": "←", "after": "✓"}


@click.command()
@click.argument("method")
@click.argument("path")
@click.option("--header", "-H", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header of the request.")
@click.option("--live", is_flag=True, help="Also run the request once, and show the time of each step.")
@of_application
@as_json
def explain(
    method: str, path: str, headers: tuple[str, ...], live: bool, app: str | None, wrap: str | None, as_json: bool
) -> int:
    """Show the route of METHOD PATH (WEBSOCKET for a WebSocket) and everything that runs for it, in order.

    Where no route has the path, what answers is shown all the same, and the exit status is 2.
    """
    scope = make_scope(*_asked(method, path), [_header(text) for text in headers])
    if live and scope["type"] == "websocket":
        raise Refused("--live runs requests only; leave it out for a WebSocket")
    board = the_board(app, wrap)
    explanation = explain_scope(frozen(board), dict(scope))
    if live:
        explanation.live, times = run_live(board, scope)
        for step in explanation.steps:
            step.seconds = times.get((step.hook, step.index))
    if as_json:
        emit_json(explanation)
    else:
        click.echo("\n".join(_picture(explanation)))
    if explanation.missed:
        raise Refused(explanation.missed)
    return 0


def _asked(method: str, path: str) -> tuple[str, str, str]:
    """Method, host and path. Raises Refused for what is none."""
    if method.startswith("/"):
        raise Refused(f"the method comes first: pegboard explain {path if _TOKEN.fullmatch(path) else 'GET'} {method}")
    if not _TOKEN.fullmatch(method):
        raise Refused(f"{method!r} is no method; expected one such as GET, or WEBSOCKET")
    host = "localhost"
    if "://" in path and not path.startswith("/"):
        host, path = _split(path)
    if not path.startswith("/"):
        raise Refused(f"{path!r} is no path; a path begins with a slash: /{path}")
    return method.upper(), host, path


def _split(url: str) -> tuple[str, str]:
    """Host and path of a whole URL."""
    try:
        host = urlsplit(url).netloc
        host.encode("idna")
    except ValueError:
        raise Refused(f"{url!r} is no URL; write it as http://host/path, or as /path") from None
    return host, url.partition("://")[2][len(host) :] or "/"


def _header(text: str) -> tuple[str, str]:
    found = _HEADER.fullmatch(text)
    if found is None:
        raise Refused(f"{text!r} is no header; write it as 'Name: value'")
    return found[1], found[2]


def _picture(explanation: Explanation) -> list[str]:
    lines = [f"{explanation.method} {explanation.path}", f"  route     {explanation.route}"]
    if explanation.answers:
        lines.append(f"  answers   {explanation.answers}")
    else:
        lines.append(f"  endpoint  {explanation.endpoint}{f' (name {explanation.name})' if explanation.name else ''}")
    if explanation.path_params:
        lines.append("  matched   " + ", ".join(f"{key} = {value}" for key, value in explanation.path_params.items()))
    lines += [f"  inside    {around}" for around in explanation.around]
    lines += [f"  rewritten {explanation.rewritten}"] if explanation.rewritten else []
    if explanation.max_body_size is not None:
        lines.append(f"  body      at most {explanation.max_body_size} bytes")
    if explanation.on_error:
        lines.append(f"  on error  {', '.join(explanation.on_error)}")
    lines += ["", *_steps(explanation)]
    if explanation.notes:
        width = max(map(len, explanation.notes)) + 2
        lines += ["", "what plugins say about this route:"]
        lines += [f"  {name:<{width}}{note}" for name, note in explanation.notes.items()]
    for name, rows in explanation.settings.items():
        lines += ["", f"settings of {name} here, other than the defaults:"]
        lines += [f"  {row.key} = {row.value}   ({row.origin})" for row in rows]
    if explanation.live is not None:
        lines += ["", *explanation.live.lines()]
    return lines


def _steps(explanation: Explanation) -> list[str]:
    left = [f"{'  ' * step.depth}{ARROWS[step.direction]} {step.plugin}" for step in explanation.steps]
    width = max(map(len, left), default=0) + 2
    hook_width = max((len(step.hook) for step in explanation.steps), default=0) + 2
    lines = []
    for text, step in zip(left, explanation.steps, strict=True):
        time = "" if step.seconds is None else f"{step.seconds * 1e6:>10.1f} µs  "
        lines.append(f"  {text:<{width}}{step.hook:<{hook_width}}{step.kind:<8}{time}{step.place}".rstrip())
    return lines

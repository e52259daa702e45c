"""One framework against the other, without plugins or middleware."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from benchmarks.asgi import TEXT, App, Ask
from benchmarks.content import CHUNK, CHUNKS, ECHO_BODY, PLAIN, big_file, dumped, records
from benchmarks.harness import Case, Entrant, Expected
from benchmarks.peers import pegboard_, starlette_
from benchmarks.roster import peers

__all__ = ["CASES"]

ECHO_HEADERS = ((b"content-type", b"application/json"), (b"content-length", b"%d" % len(ECHO_BODY)))
TEXTS = 10

PLAIN_TEXT = Expected(200, PLAIN.encode(), media_type=b"text/plain")


def json(value: bytes) -> Expected:
    """An answer with this JSON."""
    return Expected(200, value, is_json=True, media_type=b"application/json")


def entrants(app: str, ask: Ask, expected: Expected) -> Sequence[Entrant]:
    """Every peer that has this application."""
    return [Entrant(peer.name, peer.apps[app], ask, expected) for peer in peers() if app in peer.apps]


def file_entrants() -> Sequence[Entrant]:
    """Every peer as it comes; and the two that let one choose, with the other's size of pieces.

    The number of visits to a thread decides most of this case, so that sizes differ is most of what it shows.
    """
    path = big_file()
    expected = Expected(200, path.read_bytes())
    # Falcon serves folders, not single files.
    asks = {"Falcon": Ask(f"/{path.name}")}
    made = [
        Entrant(peer.name, peer.apps["file"], asks.get(peer.name, Ask()), expected, "as it comes")
        for peer in peers()
        if "file" in peer.apps
    ]
    builders: dict[str, Callable[[int], App]] = {"Pegboard": pegboard_.file, "Starlette": starlette_.file}
    for name, build in builders.items():
        for size in (64, 256):
            sized = partial(build, size * 1024)
            made.append(Entrant(name, sized, Ask(), expected, f"pieces of {size} KB"))
    return made


def case(name: str, title: str, ask: Ask, expected: Expected) -> Case:
    """A case whose application has its name."""
    return Case(name, title, partial(entrants, name, ask, expected))


CASES = [
    case("plain", "Plain text, 13 bytes", Ask(), PLAIN_TEXT),
    case(
        "typed",
        "Typed path parameter and query to JSON",
        Ask("/items/42", query=b"q=board"),
        json(dumped({"item_id": 42, "q": "board"})),
    ),
    case(
        "echo",
        f"JSON echo, {len(ECHO_BODY)} bytes",
        Ask(method="POST", headers=ECHO_HEADERS, body=ECHO_BODY),
        json(ECHO_BODY),
    ),
    case("json-10k", "JSON of 10 KB", Ask(), json(dumped(records(10_000)))),
    # The wording and the type of a 404 are each framework's own.
    case("missing", "404, one route on the application", Ask("/nowhere"), Expected(404)),
    case(
        "stream", f"Stream of {CHUNKS} chunks of 1 KB", Ask(), Expected(200, CHUNK * CHUNKS, media_type=b"text/plain")
    ),
    Case("file", "File of 1 MB", file_entrants),
    case(
        "websocket",
        f"WebSocket: accept, echo {TEXTS} texts of 64 bytes, close",
        Ask(texts=TEXTS),
        Expected(101, (TEXT * TEXTS).encode()),
    ),
]

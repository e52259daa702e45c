"""The page "Coming from Starlette" is complete: every name of Starlette's is here or told, and every row is shown.

Starlette's names, arguments and defaults are facts read from the installed package. Rows are shown by the claims in
`tests/support/claims_of_*.py`, which put the same to both frameworks.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import claims_of_applications  # noqa: F401  importing notes the claims
import claims_of_requests  # noqa: F401
import claims_of_responses  # noqa: F401
import claims_of_websockets  # noqa: F401
import pytest
import starlette
from both_frameworks import CLAIMS, Claim, kits, outcome
from servers import ROOT
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from pegboard import Pegboard
from pegboard.middleware import Middleware
from pegboard.requests import Request
from pegboard.responses import PlainTextResponse
from pegboard.routing import Route
from pegboard.testclient import TestClient

PAGE = (ROOT / "docs" / "coming-from-starlette.md").read_text()

MODULES = sorted(
    module.name.removeprefix("starlette.")
    for module in pkgutil.walk_packages(starlette.__path__, "starlette.")
    if "._" not in module.name
)

TOLD = ("authentication", "schemas", "middleware.")
"""What the page names as a whole: modules, and packages that end in a point."""

INTERNAL = {
    "config.undefined",
    "formparsers.FormMessage",
    "formparsers.MultipartPart",
    "middleware.P",
    "applications.AppType",
    "applications.P",
    "requests.SERVER_PUSH_HEADERS_TO_COPY",
    "requests.StateT",
    "requests.cookie_parser",
    "requests.empty_receive",
    "requests.empty_send",
    "routing.CONVERTOR_TYPES",
    "routing.get_name",
    "routing.replace_params",
    "testclient.TYPE_CHECKING",
    "types.TYPE_CHECKING",
}
"""Names without an underscore that Starlette's documentation does not have."""

OTHER_ARGUMENTS = {
    "Router": "Router(default=",
    "Request": "",
    "WebSocketTestSession": "",
    "WebSocketDenialResponse": "",
    "URLPath": "",
}
"""Classes that are made in another way, and where the page says so; what the frameworks make themselves needs no word.

A `Request` takes the same arguments (without channels it has others in their place), and a `URLPath` is a str.
"""


def public(module: Any) -> Iterator[str]:
    """The names that a module defines or announces."""
    names = getattr(module, "__all__", None)
    if names is None:
        names = [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
    return (name for name in names if not name.startswith("_"))


def pairs() -> Iterator[tuple[str, Any, Any]]:
    """Each public name of Starlette's, with what it means there and here; None where it is not here."""
    for name in MODULES:
        if name.startswith(TOLD):
            continue
        theirs = importlib.import_module(f"starlette.{name}")
        ours = importlib.import_module(f"pegboard.{name}")
        for each in public(theirs):
            yield f"{name}.{each}", getattr(theirs, each), getattr(ours, each, None)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_name_is_here_or_told() -> None:
    missing = [
        name
        for name, _, ours in pairs()
        if ours is None and name not in INTERNAL and not re.search(rf"\b{name.split('.')[-1]}\b", PAGE)
    ]
    assert missing == []


def test_every_method_and_attribute_is_here_or_told() -> None:
    missing = [
        f"{name}.{attribute}"
        for name, theirs, ours in pairs()
        if inspect.isclass(theirs) and ours is not None and name.split(".")[0] != "testclient"
        for attribute in sorted(dir(theirs))
        if not attribute.startswith("_")
        if not hasattr(ours, attribute) and not re.search(rf"\b{attribute}\b", PAGE)
    ]
    assert missing == []


def test_modules_that_are_not_here_are_told() -> None:
    told = [name for name in MODULES if name.startswith(TOLD)]
    untold = [name for name in told if not re.search(rf"\b{name.split('.')[-1]}\b", PAGE)]
    assert (len(told) > 10, untold) == (True, [])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_arguments_have_the_same_names_places_and_defaults() -> None:
    different = []
    for name, theirs, ours in pairs():
        if ours is None or not inspect.isclass(theirs) or name.split(".")[1] in OTHER_ARGUMENTS:
            continue
        if not made_alike(theirs, ours):
            different.append(name)
    assert different == []


def test_classes_that_are_made_otherwise_are_told() -> None:
    assert [name for name, words in OTHER_ARGUMENTS.items() if words and words not in PAGE] == []


def made_alike(theirs: type, ours: type) -> bool:
    """Whether what makes the one makes the other: ours may take more, and have defaults where theirs has none."""
    try:
        wanted = inspect.signature(theirs).parameters.values()
        found = inspect.signature(ours).parameters
    except ValueError:
        return True
    places = list(found)
    takes_any = any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in found.values())
    for place, each in enumerate(wanted):
        if each.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            continue
        own = found.get(each.name)
        if own is None:
            return takes_any
        is_moved = each.kind is not inspect.Parameter.KEYWORD_ONLY and places.index(each.name) != place
        if is_moved or not _same_default(each.default, own.default):
            return False
    return True


def _same_default(theirs: Any, ours: Any) -> bool:
    if theirs is inspect.Parameter.empty or (isinstance(ours, type(theirs)) and ours == theirs):
        return True
    # A default of another kind stands for "not given" there; here that is None.
    return ours is None or not isinstance(theirs, str | int | float | tuple | None)


def rows() -> set[tuple[str, str]]:
    """Section and first cell of every row that compares the two."""
    found = set()
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        title, _, text = section.partition("\n")
        if "| Starlette 1.10 | Pegboard |" in text:
            found |= {(title, row) for row in re.findall(r"^\| (.+?) \| .+ \| .+ \|$", text, re.MULTILINE)}
    return {(title, row) for title, row in found if row != "what"}


def test_every_row_is_shown_and_every_claim_is_told() -> None:
    assert {(each.section, each.what) for each in CLAIMS} == rows()


@pytest.mark.parametrize("each", CLAIMS, ids=[each.do.__name__ for each in CLAIMS])
def test_what_the_page_says_is_so(each: Claim) -> None:
    theirs, ours = (outcome(each.do, kit) for kit in kits)
    assert (theirs, ours) == (each.theirs, each.ours), f"{each.section}: {each.what}"


def test_starlettes_middleware_works_around_a_board() -> None:
    """What the page sends people to: sessions, hosts, compression, CORS and dispatching middleware, all at once."""

    class Stamp(BaseHTTPMiddleware):
        async def dispatch(self, request: Any, call_next: Any) -> Any:
            response = await call_next(request)
            response.headers["x-stamp"] = "1"
            return response

    async def count(request: Request) -> PlainTextResponse:
        request.session["count"] = request.session.get("count", 0) + 1
        return PlainTextResponse(str(request.session["count"]) * 1000)

    board = Pegboard(
        routes=[Route("/", count)],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=["testserver"]),
            Middleware(CORSMiddleware, allow_origins=["*"]),
            Middleware(GZipMiddleware),
            Middleware(Stamp),
            Middleware(SessionMiddleware, secret_key="of this test"),
        ],
        plugins=[],
        config={},
    )
    asking = TestClient(board, headers={"origin": "http://elsewhere"})
    answers = [asking.get("/") for _ in range(2)]
    assert [answer.text for answer in answers] == ["1" * 1000, "2" * 1000]
    names = ("access-control-allow-origin", "content-encoding", "x-stamp")
    assert [answers[1].headers[name] for name in names] == ["*", "gzip", "1"]
    assert asking.get("/", headers={"host": "other"}).status_code == 400

"""An application that exists already gets plugins around it in one line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgi_harness import Lifespan
from board_harness import ask

import pegboard
from pegboard import Plugin, RouteHooks, Settings, hookimpl
from pegboard.exceptions import ConfigurationError

pytestmark = pytest.mark.anyio


class WordSettings(Settings, frozen=True, kw_only=True):
    word: str = "default"


class Word(Plugin[WordSettings]):
    name = "word"
    Settings = WordSettings

    @hookimpl
    def route(self, settings: WordSettings) -> RouteHooks:
        def response(request: Any, response: Any) -> None:
            response.headers["x-word"] = settings.word

        return RouteHooks(response=response)


async def existing(scope: Any, receive: Any, send: Any) -> None:
    body = f"{scope['method']} {scope['path']} {scope['root_path']}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def test_everything_reaches_the_application() -> None:
    app = pegboard.wrap(existing, plugins=[])
    for method, path in (("GET", "/"), ("BREW", "/a//b/"), ("OPTIONS", "/x"), ("HEAD", "")):
        answer = await ask(app, path or "/", method)
        assert answer.status == 200
        assert answer.body in (f"{method} {path} ".encode(), b"")


async def test_settings_are_given_by_name() -> None:
    assert (await ask(pegboard.wrap(existing, plugins=[Word()]), "/")).header("x-word") == "default"
    app = pegboard.wrap(existing, plugins=[Word()], word={"word": "given"})
    assert (await ask(app, "/")).header("x-word") == "given"


async def test_the_stronger_of_two_keyword_sources_is_the_outer_one() -> None:
    app = pegboard.wrap(existing, plugins=[Word(word="inner")], word={"word": "outer"})
    assert (await ask(app, "/")).header("x-word") == "outer"


async def test_settings_of_nobody_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"given for 'wrd', which is no plugin; did you mean word\?"):
        pegboard.wrap(existing, plugins=[Word()], wrd={"word": "x"}).freeze()


async def test_false_leaves_a_plugin_out() -> None:
    app = pegboard.wrap(existing, plugins=[Word()], word=False)
    assert (await ask(app, "/")).header("x-word") is None


async def reads(scope: Any, receive: Any, send: Any) -> None:
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message["body"]), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def test_only_a_limit_that_somebody_gave_holds_for_bodies() -> None:
    """The default of boards would refuse what the application takes alone."""
    plan = {"type": "http", "method": "POST", "path": "/", "headers": []}
    assert pegboard.wrap(reads, plugins=[]).plan_for(plan).max_body_size is None
    assert pegboard.wrap(reads, plugins=[], max_body_size=3).plan_for(plan).max_body_size == 3
    assert pegboard.wrap(reads, plugins=[], config={"max_body_size": 4}).plan_for(plan).max_body_size == 4


async def test_the_keywords_of_boards_are_taken() -> None:
    lived: list[Any] = []

    @asynccontextmanager
    async def lifespan(board: Any) -> AsyncIterator[None]:
        lived.append(board)
        yield

    async def fails(scope: Any, receive: Any, send: Any) -> None:
        raise KeyError("x")

    app = pegboard.wrap(
        fails,
        autoload=False,
        startup_timeout=5,
        threads={"files": 40},
        lifespan=lifespan,
        exception_handlers={KeyError: lambda request, exc: "handled"},
    )
    assert (app.plugins, app.settings.startup_timeout, app.settings.threads.files) == ((), 5, 40)
    assert (await ask(app, "/")).body == b"handled"
    await Lifespan().run(app)
    assert lived == [app]

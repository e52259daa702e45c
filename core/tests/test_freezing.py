"""A start that fails is a readable text that names who, and leaves nothing behind on board and plugins."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from asgi_harness import Lifespan
from board_harness import ask

from pegboard import Pegboard, Plugin, Settings, hookimpl
from pegboard.exceptions import ConfigurationError, FrozenError
from pegboard.requests import Request
from pegboard.routing import BaseRoute, Route

pytestmark = pytest.mark.anyio


async def home(request: Request) -> str:
    raise KeyError("x")


class SizeSettings(Settings, frozen=True, kw_only=True):
    size: int = 1


class Size(Plugin[SizeSettings]):
    name = "size"
    Settings = SizeSettings


class Fails(Plugin):
    """Changes the board in its setup, and fails until it is mended."""

    name = "fails"
    is_mended = False

    @hookimpl
    def setup(self, board: Pegboard) -> None:
        def marked(app: Any) -> Any:
            async def serve(scope: Any, receive: Any, send: Any) -> None:
                scope["state"] = {"marks": scope.get("state", {}).get("marks", 0) + 1}
                await app(scope, receive, send)

            return serve

        board.add_middleware(marked)
        if not self.is_mended:
            board.add_exception_handler(KeyError, lambda request, exc: "of the failed start")
            raise ValueError("no")


async def test_a_failed_start_takes_back_what_it_did() -> None:
    """Handlers, middleware and settings; the plugins may go on another board."""
    fails, size = Fails(), Size()
    app = Pegboard(routes=[Route("/", home)], plugins=[fails, size])
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="hook 'setup' of plugin 'fails'"):
            app.freeze()
    assert not hasattr(size, "settings")
    Pegboard(plugins=[size], config={"size": {"size": 2}}).freeze()
    assert size.settings.size == 2
    fails.is_mended = True
    app = Pegboard(routes=[Route("/", lambda request: str(request.state.marks))], plugins=[fails])
    assert (await ask(app, "/")).body == b"1"


async def test_middleware_may_come_in_setup_and_not_later() -> None:
    fails = Fails()
    fails.is_mended = True
    app = Pegboard(plugins=[fails])
    app.freeze()
    with pytest.raises(FrozenError, match="middleware comes too late"):
        app.add_middleware(lambda app: app)


async def test_settings_come_too_late_in_setup() -> None:
    class Late(Plugin):
        name = "late"

        @hookimpl
        def setup(self, board: Pegboard) -> None:
            board.give_settings({"size": {"size": 2}})

    with pytest.raises(
        ConfigurationError, match=r"plugin 'late' .* failed: FrozenError: settings of size come too late"
    ):
        Pegboard(plugins=[Late(), Size()]).freeze()


async def test_routes_may_fail_midway_or_be_something_else() -> None:
    class Midway(Plugin):
        name = "midway"

        @hookimpl
        def routes(self) -> Iterator[BaseRoute]:
            yield Route("/a", home)
            raise KeyError("x")

    class Others(Plugin):
        name = "others"

        @hookimpl
        def routes(self) -> list[Any]:
            return [1, "/text"]

    app = Pegboard(plugins=[Midway(), Others()])
    with pytest.raises(ConfigurationError) as refused:
        app.freeze()
    midway, others = refused.value.problems
    assert "hook 'routes' of plugin 'midway'" in midway
    assert "KeyError: 'x' (" in midway
    assert "gave int, str; expected routes" in others
    assert app.routes == []


class Odd(Plugin):
    """What no check of the contract foresees."""

    name = "odd"

    def __dir__(self) -> Any:
        raise OSError("the disk is gone")


def test_a_plugin_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"plugin 'odd' .* cannot be read: OSError: the disk is gone \(.*line"):
        Pegboard(plugins=[Odd()]).freeze()


async def test_whatever_fails_at_the_start_is_told_to_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception out of a lifespan scope would count as an application without lifespan, and be served."""

    def fails(*args: Any, **kwargs: Any) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr("pegboard.freezing.assemble", fails)
        life = await Lifespan().run(Pegboard(plugins=[]))
    assert life.types == ["startup.failed"]
    assert life.message.startswith("Pegboard cannot start: OSError: the disk is gone (")
    assert "test_freezing.py, line " in life.message
    refused = await Lifespan().run(Pegboard(plugins=["nobody"]))
    assert refused.types == ["startup.failed"]
    assert refused.message.startswith("Pegboard cannot start: 1 problem\n")


@pytest.mark.parametrize("given", ["cors", 3])
def test_text_is_no_list_of_plugins(given: Any) -> None:
    with pytest.raises(TypeError, match=f"plugins={type(given).__name__}; expected a list"):
        Pegboard(plugins=given)


@pytest.mark.parametrize(
    "attributes",
    [{"given_settings": 3, "__init__": lambda self: None}, {"settings": property(lambda self: 1 / 0)}],
)
def test_a_plugin_that_keeps_its_settings_wrongly_is_named(attributes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="plugin 'size'"):
        Pegboard(plugins=[type("Wrong", (Size,), attributes)]).freeze()


def test_given_settings_are_not_shown() -> None:
    with pytest.raises(TypeError, match="settings of plugin 'auth' are given as str") as refused:
        Pegboard(plugins={"auth": "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_a_configuration_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="config: expected a path or a mapping, got int"):
        Pegboard(plugins=[], config=3).freeze()


def test_an_exception_handler_is_a_function() -> None:
    handlers: Any = {404: 3}
    with pytest.raises(TypeError, match="exception handler for 404 is given as int; expected a function"):
        Pegboard(exception_handlers=handlers)


async def async_generator(board: Pegboard) -> Any:
    yield


async def coroutine(board: Pegboard) -> None: ...


def generator(board: Pegboard) -> Any:
    yield


@pytest.mark.parametrize("lifespan", [async_generator, coroutine, generator])
def test_a_lifespan_function_without_its_decorator_is_refused_with_what_to_write(lifespan: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Pegboard(plugins=[], lifespan=lifespan).freeze()
    (problem,) = caught.value.problems
    assert re.fullmatch(
        rf"the lifespan function {lifespan.__name__} \(.*test_freezing\.py, line \d+\) gives no context manager; "
        r"put @asynccontextmanager \(from contextlib\) above it, and `yield` where the application serves",
        problem,
    )


class Coroutine(Plugin):
    name = "coroutine"

    @hookimpl
    async def lifespan(self) -> None: ...


def test_a_lifespan_hook_that_is_a_coroutine_is_refused_likewise() -> None:
    with pytest.raises(ConfigurationError, match="decorate it with @asynccontextmanager, and `yield` where"):
        Pegboard(plugins=[Coroutine()]).freeze()

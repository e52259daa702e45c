"""Hook implementations become flat tuples of functions; what breaks the contract is found and named."""

from functools import partial
from typing import Any

import pytest

from pegboard.compiling import ARGUMENTS, Impl, PipelineFactory, Step, compile_hook, lint_signature, route_hooks
from pegboard.exceptions import HookError
from pegboard.hookspecs import REQUEST_TIME, SETUP
from pegboard.plugin import RouteHooks
from pegboard.responses import AppResponse, PlainTextResponse

IMPL = Impl("cors", "plugin 'cors' (pegboard-cors 0.1.0)")


def test_every_hook_has_its_arguments() -> None:
    assert set(ARGUMENTS) == {*SETUP, *REQUEST_TIME}
    assert ARGUMENTS["response"] == ("request", "response")


@pytest.mark.parametrize(
    ("function", "result"),
    [
        (lambda: "none", "none"),
        (lambda request: request, 1),
        (lambda response: response, 2),
        (lambda request, response: (request, response), (1, 2)),
        (lambda response, request: (request, response), (1, 2)),
    ],
)
def test_a_function_gets_the_arguments_that_it_names(function: Any, result: Any) -> None:
    call, _ = compile_hook("response", function, IMPL)
    assert call(1, 2) == result


def test_a_function_with_the_whole_signature_is_not_wrapped() -> None:
    def response(request: Any, response: Any) -> None: ...

    assert compile_hook("response", response, IMPL)[0] is response


class Plugin:
    async def request(self, request: Any) -> None: ...

    def response(self) -> None: ...

    async def __call__(self, request: Any) -> None: ...


@pytest.mark.parametrize(
    ("function", "is_async"),
    [
        (Plugin().request, True),
        (Plugin(), True),
        (partial(Plugin().request), True),
        (Plugin().response, False),
        (lambda request: None, False),
    ],
)
def test_sync_or_async_is_read_off_the_function(function: Any, is_async: bool) -> None:
    assert compile_hook("request", function, IMPL)[1].is_async is is_async


def first(request: Any) -> None: ...
def second(request: Any) -> None: ...


def test_equal_hooks_share_a_pipeline_and_others_do_not() -> None:
    factory = PipelineFactory()
    one = factory.make([(IMPL, {"request": (first,)})])
    assert factory.make([(IMPL, {"request": (first,)})]) is one
    assert factory.make([(IMPL, {"request": (second,)})]) is not one
    assert factory.make([]) is not one
    assert len(factory) == 3


def test_methods_are_the_same_hook_each_time_they_are_read_and_objects_need_no_hash() -> None:
    class Object:
        __hash__ = None  # type: ignore[assignment]

        def __call__(self, request: Any) -> None: ...

        def look(self, request: Any) -> None: ...

    factory, one, other = PipelineFactory(), Object(), Object()
    assert factory.make([(IMPL, {"request": (one.look,)})]) is factory.make([(IMPL, {"request": (one.look,)})])
    assert factory.make([(IMPL, {"request": (one,)})]) is factory.make([(IMPL, {"request": (one,)})])
    assert factory.make([(IMPL, {"request": (one,)})]) is not factory.make([(IMPL, {"request": (other,)})])
    assert len(factory) == 3


def test_requests_go_outside_in_and_answers_inside_out() -> None:
    outer, inner = Impl("outer", "outer"), Impl("inner", "inner")
    hooks: dict[str, Any] = dict.fromkeys(("request", "response", "error", "body", "complete", "websocket"), (first,))
    pipeline = PipelineFactory().make([(outer, hooks), (inner, hooks)])
    order = {hook: [step.plugin for step in pipeline.steps(hook)] for hook in hooks}
    assert order == {
        "request": ["outer", "inner"],
        "websocket": ["outer", "inner"],
        "response": ["inner", "outer"],
        "error": ["inner", "outer"],
        "body": ["inner", "outer"],
        "complete": ["inner", "outer"],
    }
    assert pipeline.websocket_complete == ()


def test_a_function_leads_back_to_the_plugin_behind_it() -> None:
    pipeline = PipelineFactory().make([(IMPL, {"request": (first, second)})])
    assert pipeline.step("request", pipeline.request[1]).plugin == "cors"


def test_a_function_that_two_plugins_share_leads_back_to_each() -> None:
    members = [(Impl("one", "one"), {"request": (first,)}), (Impl("two", "two"), {"request": (first,)})]
    pipeline = PipelineFactory().make(members)
    assert [pipeline.step("request", call).plugin for call in pipeline.request] == ["one", "two"]


def test_route_hooks_keep_what_was_given() -> None:
    def respond(request: Any, response: Any) -> None: ...

    assert route_hooks(RouteHooks(request=first, response=[respond, respond])) == {
        "request": (first,),
        "response": (respond, respond),
    }


@pytest.mark.parametrize(
    ("hook", "function", "problem"),
    [
        ("respons", lambda: None, "implements the unknown hook 'respons' (did you mean 'response'?)"),
        (
            "request",
            lambda requst=None: None,
            "takes 'requst', which hook 'request' does not offer (did you mean 'request'?)",
        ),
        ("response", lambda request, **more: None, "takes **more: `**` arguments are never filled"),
        ("response", lambda *all: None, "takes *all: `*` arguments are never filled"),
        ("request", lambda *, request: None, "takes request: keyword-only arguments are never given"),
        ("body", Plugin().request, "is `async def`, but hook 'body' is synchronous; declare it with `def`"),
    ],
)
def test_lint_finds_what_pluggy_lets_through(hook: str, function: Any, problem: str) -> None:
    problems = lint_signature(hook, function, IMPL.described)
    assert len(problems) == 1
    assert problems[0].startswith("plugin 'cors' (pegboard-cors 0.1.0): ")
    assert problem in problems[0]


def test_lint_is_silent_about_a_subset_of_the_arguments() -> None:
    assert lint_signature("complete", lambda outcome: None, IMPL.described) == []


def test_an_answer_is_a_response() -> None:
    step = Step("request", "cors", IMPL.described, is_async=False)
    response = PlainTextResponse("no")
    assert step.response(response) is response

    async def app(scope: Any, receive: Any, send: Any) -> None: ...

    assert isinstance(step.response(app), AppResponse)


def test_a_sync_function_that_returns_a_coroutine_is_named() -> None:
    async def answer() -> None: ...

    step = Step("request", "cors", IMPL.described, is_async=False)
    with pytest.raises(HookError) as caught:
        step.response(answer())
    assert str(caught.value) == (
        "hook 'request' of plugin 'cors' (pegboard-cors 0.1.0) returned a coroutine; expected a response or None; "
        "declare the hook `async def`, so that its result is awaited"
    )


def test_a_wrong_answer_is_named() -> None:
    step = Step("request", "cors", IMPL.described, is_async=False)
    with pytest.raises(HookError, match="returned an int; expected a response or None"):
        step.response(3)
    assert "returned a bool; expected None" in str(step.misuse(True, "None"))


def test_blame_is_noted_once() -> None:
    error = ValueError("x")
    step = Step("request", "cors", IMPL.described, is_async=False)
    step.blame(error)
    step.blame(error)
    assert error.__notes__ == ["in hook 'request' of plugin 'cors' (pegboard-cors 0.1.0)"]

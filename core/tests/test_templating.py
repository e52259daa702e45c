"""Pages from templates."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import jinja2
import pytest
from board_harness import ask

from pegboard.applications import Pegboard
from pegboard.background import BackgroundTask
from pegboard.requests import Request
from pegboard.routing import Mount, Route
from pegboard.templating import Jinja2Templates
from pegboard.testclient import TestClient

pytestmark = pytest.mark.anyio

FILES = {
    "page.html": "<p>{{ name }}</p>",
    "page.txt": "{{ name }}",
    "safe.html": "{{ name|safe }}",
    "link.html": "{{ url_for('item', id=3) }} {{ request.url.path }}",
    "broken.html": "{{ name",
    "missing_route.html": "{{ url_for('nowhere') }}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


async def page(templates: Jinja2Templates, name: str, context: Any = None, **more: Any) -> Any:
    """What a board answers with this template."""

    async def endpoint(request: Request) -> Any:
        return templates.TemplateResponse(request, name, context, **more)

    async def item(request: Request) -> str:
        return "item"

    routes = [Route("/", endpoint), Mount("/items", routes=[Route("/{id:int}", item, name="item")])]
    return await ask(Pegboard(routes=routes, plugins=[], config={}), "/")


@pytest.mark.parametrize("name", ["page.html", "page.txt"])
async def test_what_a_template_shows_is_escaped_whatever_its_name(folder: Path, name: str) -> None:
    """A text from a client never becomes markup by itself."""
    answer = await page(Jinja2Templates(folder), name, {"name": "<script>"})
    assert answer.status == 200
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert b"&lt;script&gt;" in answer.body
    assert b"<script>" not in answer.body


async def test_a_template_may_say_that_a_value_is_safe(folder: Path) -> None:
    """One value at a time."""
    assert (await page(Jinja2Templates(folder), "safe.html", {"name": "<b>"})).body == b"<b>"


async def test_templates_have_the_request_and_url_for(folder: Path) -> None:
    """Links are made from routes."""
    answer = await page(Jinja2Templates(folder), "link.html")
    assert answer.body == b"http://testserver/items/3 /"


async def test_a_link_to_no_route_is_an_error(folder: Path) -> None:
    """It is the endpoint's, and told."""
    answer = await page(Jinja2Templates(folder), "missing_route.html")
    assert answer.status == 500
    assert "nowhere" in str(answer.error)


async def test_the_response_takes_what_responses_take(folder: Path) -> None:
    """Status, headers, media type, background."""
    ran: list[int] = []
    answer = await page(
        Jinja2Templates(str(folder)),
        "page.html",
        {"name": "x"},
        status_code=201,
        headers={"X-Mine": "1"},
        media_type="application/xhtml+xml",
        background=BackgroundTask(ran.append, 1),
    )
    assert (answer.status, answer.header("x-mine"), answer.header("content-type")) == (
        201,
        "1",
        "application/xhtml+xml",
    )
    assert ran == [1]


async def test_context_processors_add_to_every_page(folder: Path) -> None:
    """They see the request, and the last one wins, over the endpoint too."""
    seen: list[str] = []

    def who(request: Request) -> dict[str, Any]:
        seen.append(request.url.path)
        return {"name": "processor"}

    templates = Jinja2Templates(folder, context_processors=[lambda request: {"name": "first"}, who])
    assert (await page(templates, "page.html", {"name": "endpoint"})).body == b"<p>processor</p>"
    assert seen == ["/"]


async def test_folders_are_looked_through_in_order(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The first that has the template."""
    other = tmp_path_factory.mktemp("other")
    (other / "page.html").write_text("other {{ name }}")
    templates = Jinja2Templates([other, folder])
    assert (await page(templates, "page.html", {"name": "x"})).body == b"other x"
    assert (await page(templates, "safe.html", {"name": "x"})).body == b"x"


@pytest.mark.parametrize("autoescape", [True, jinja2.select_autoescape()])
async def test_an_environment_of_ones_own_keeps_its_globals(autoescape: Any) -> None:
    """`url_for` is added where there is none."""
    env = jinja2.Environment(loader=jinja2.DictLoader(FILES), autoescape=autoescape)
    assert (await page(Jinja2Templates(env=env), "link.html")).body == b"http://testserver/items/3 /"
    env.globals["url_for"] = lambda name, **params: "mine"
    assert (await page(Jinja2Templates(env=env), "link.html")).body == b"mine /"


def test_a_test_client_is_shown_template_and_context(folder: Path) -> None:
    """By the extension that such clients offer."""
    templates = Jinja2Templates(folder)

    async def endpoint(request: Request) -> Any:
        return templates.TemplateResponse(request, "page.html", {"name": "x"})

    response: Any = TestClient(Pegboard(routes=[Route("/", endpoint)], plugins=[], config={})).get("/")
    assert response.text == "<p>x</p>"
    assert response.template.name == "page.html"
    assert response.context["name"] == "x"


def test_an_environment_that_does_not_escape_is_refused() -> None:
    """Jinja2's own default lets scripts through."""
    with pytest.raises(ValueError, match="does not escape"):
        Jinja2Templates(env=jinja2.Environment())
    with pytest.raises(ValueError, match="enable_async"):
        Jinja2Templates(env=jinja2.Environment(autoescape=True, enable_async=True))


def test_either_folder_or_environment_is_wanted(folder: Path) -> None:
    """One, and not both."""
    with pytest.raises(ValueError, match="got neither"):
        Jinja2Templates()
    with pytest.raises(ValueError, match="got both"):
        Jinja2Templates(folder, env=jinja2.Environment(autoescape=True))


def test_a_folder_that_is_missing_is_refused_at_once(tmp_path: Path) -> None:
    """Not at the first page."""
    with pytest.raises(RuntimeError, match="nowhere' is no folder"):
        Jinja2Templates(tmp_path / "nowhere")


def test_a_missing_template_says_where_it_was_looked_for(folder: Path) -> None:
    """A note with the folders."""
    with pytest.raises(jinja2.TemplateNotFound) as caught:
        Jinja2Templates(folder).get_template("nowhere.html")
    assert str(folder) in caught.value.__notes__[0]
    with pytest.raises(jinja2.TemplateSyntaxError):
        Jinja2Templates(folder).get_template("broken.html")


def test_the_order_of_old_is_told(folder: Path) -> None:
    """Name before request was Starlette's order once."""
    with pytest.raises(TypeError, match=r"TemplateResponse\(request, 'page.html'"):
        Jinja2Templates(folder).TemplateResponse("page.html", {"name": "x"})  # type: ignore[arg-type]


def test_an_async_context_processor_is_refused(folder: Path) -> None:
    """Nobody would await it."""

    async def who(request: Request) -> dict[str, Any]:
        return {}

    with pytest.raises(TypeError, match="who"):
        Jinja2Templates(folder, context_processors=[who])  # type: ignore[list-item]


def test_without_jinja2_the_error_names_the_extra(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(RuntimeError, match=r"pegboard\[templates\]"):
        Jinja2Templates(folder)

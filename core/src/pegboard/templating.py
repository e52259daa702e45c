"""Pages from Jinja2 templates.

    templates = Jinja2Templates("templates")

    async def home(request):
        return templates.TemplateResponse(request, "home.html", {"items": await find_items()})

Rules that must not move:

- What a template shows is escaped, whatever the template's name is; ``|safe`` says otherwise for one value.
- Every template has ``request``, and ``url_for(name, **path_params)``.
- Templates are rendered when the response is made, so that what is wrong with one is an error of the endpoint's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from inspect import iscoroutinefunction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pegboard.background import BackgroundTask, BackgroundTasks
from pegboard.requests import Request
from pegboard.responses import HTMLResponse
from pegboard.types import Receive, Scope, Send
from pegboard.urls import URL

if TYPE_CHECKING:
    import jinja2

__all__ = ["Jinja2Templates", "TemplateResponse"]

Directory = str | os.PathLike[str]
ContextProcessor = Callable[[Request], Mapping[str, Any]]


class TemplateResponse(HTMLResponse):
    """A page; ``template`` and ``context`` are what it was made from, for tests."""

    def __init__(
        self,
        template: Any,
        context: dict[str, Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | BackgroundTasks | None = None,
    ) -> None:
        self.template = template
        self.context = context
        super().__init__(template.render(context), status_code, headers, media_type, background)


class _ShownResponse(TemplateResponse):
    """A page that shows a test client what it was made from, by the extension ``http.response.debug``."""

    async def push(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell, and send this response."""
        await send({"type": "http.response.debug", "info": {"template": self.template, "context": self.context}})
        await super().push(scope, receive, send)


class Jinja2Templates:
    """Templates from ``directory`` (or several, looked through in order), or from an environment of your own.

    ``context_processors`` are functions from the request to what all templates get, over what the endpoint gives.
    Raises RuntimeError when Jinja2 is not installed or a directory is missing, and ValueError for an environment that
    does not escape.
    """

    def __init__(
        self,
        directory: Directory | Sequence[Directory] | None = None,
        *,
        context_processors: Sequence[ContextProcessor] | None = None,
        env: jinja2.Environment | None = None,
    ) -> None:
        _require_library()
        if (directory is None) == (env is None):
            raise ValueError(
                "Jinja2Templates: expected either `directory` or `env`, got " + ("both", "neither")[env is None]
            )
        self.context_processors = list(context_processors or ())
        for processor in self.context_processors:
            if iscoroutinefunction(processor):
                raise TypeError(
                    f"Jinja2Templates: context processor {processor.__name__!r} is an async function; expected a plain "
                    "one. What has to be awaited, the endpoint awaits"
                )
        self.env = _environment(directory) if env is None else _checked(env)
        self.env.globals.setdefault("url_for", _url_for())

    def get_template(self, name: str) -> jinja2.Template:
        """The template called ``name``. Raises jinja2.TemplateNotFound, with a note on where it was looked for."""
        import jinja2  # noqa: PLC0415

        try:
            return self.env.get_template(name)
        except jinja2.TemplateNotFound as error:
            searched = getattr(self.env.loader, "searchpath", None)
            if searched:
                error.add_note(f"looked in {', '.join(map(repr, searched))}")
            raise

    def TemplateResponse(  # noqa: N802  as Starlette names it
        self,
        request: Request,
        name: str,
        context: Mapping[str, Any] | None = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | BackgroundTasks | None = None,
    ) -> TemplateResponse:
        """The page that template ``name`` makes of ``context``; raises whatever the template does."""
        if isinstance(request, str):  # type: ignore[unreachable]
            raise TypeError(
                f"TemplateResponse({request!r}, ...): expected the request first, then the template's name: "
                f"TemplateResponse(request, {request!r}, {{...}})"
            )
        full = {"request": request, **(context or {})}
        for processor in self.context_processors:
            full.update(processor(request))
        shown = "http.response.debug" in (request.scope.get("extensions") or ())
        kind = _ShownResponse if shown else TemplateResponse
        return kind(self.get_template(name), full, status_code, headers, media_type, background)


def _environment(directory: Any) -> jinja2.Environment:
    import jinja2  # noqa: PLC0415

    folders = [directory] if isinstance(directory, str | os.PathLike) else list(directory)
    for folder in folders:
        if not Path(folder).is_dir():
            raise RuntimeError(
                f"Jinja2Templates: {str(Path(folder).absolute())!r} is no folder; create it, or set `directory` to the "
                "one with the templates"
            )
    return jinja2.Environment(loader=jinja2.FileSystemLoader(folders), autoescape=True)


def _checked(env: jinja2.Environment) -> jinja2.Environment:
    if not env.autoescape:
        raise ValueError(
            "Jinja2Templates: `env` does not escape what templates show, which lets clients put scripts into pages; "
            "make it with jinja2.Environment(autoescape=True), or with jinja2.select_autoescape()"
        )
    if env.is_async:
        raise ValueError("Jinja2Templates: `env` was made with enable_async=True; expected one without it")
    return env


def _url_for() -> Callable[..., URL]:
    from jinja2 import pass_context  # noqa: PLC0415

    @pass_context
    def url_for(context: Mapping[str, Any], name: str, /, **path_params: Any) -> URL:
        request: Request = context["request"]
        return request.url_for(name, **path_params)

    return url_for


def _require_library() -> None:
    try:
        import jinja2  # noqa: F401, PLC0415
    except ImportError as error:
        raise RuntimeError("Templates need Jinja2; install it with: pip install 'pegboard[templates]'") from error

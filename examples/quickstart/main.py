"""A first application: a few routes of every kind, and four plugins that are installed and configured, not coded.

Run it from this folder with `python -m uvicorn main:app`, and look at pegboard.toml beside it.
"""

import asyncio
import html
import logging
from collections.abc import AsyncIterator
from pathlib import Path

from pegboard import Pegboard
from pegboard.background import BackgroundTask
from pegboard.requests import Request
from pegboard.responses import HTMLResponse, JSONResponse, PlainTextResponse, StreamingResponse
from pegboard.websockets import WebSocket, WebSocketDisconnect

app = Pegboard(config=Path(__file__).with_name("pegboard.toml"))

log = logging.getLogger("quickstart")

LINKS = (
    "/greet/Ada",
    "/items/42?details=yes",
    "/count",
    "/private",
    "/later",
    "/fail",
    "/anything/else",
)

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Pegboard quickstart</title>
<style>body {{ font: 17px/1.6 system-ui, sans-serif; margin: 3rem auto; max-width: 44rem; padding: 0 1rem }}</style>
<h1>Pegboard is up</h1>
<p>These plugins hang on the board, from outside to inside:</p>
<ol>{plugins}</ol>
<p>Try:</p>
<ul>{links}</ul>
<p>With the token of pegboard.toml:
<code>curl -H "Authorization: Bearer quickstart-token-for-trying-out" {base}private</code></p>
</html>
"""


@app.get("/")
async def home(request: Request) -> HTMLResponse:
    plugins = "".join(
        f"<li><b>{html.escape(name)}</b> {html.escape(version)} ({html.escape(reason)})</li>"
        for name, version, reason in ((each.name, each.found.version, each.place.reason) for each in app.plugins)
    )
    links = "".join(f'<li><a href="{link}">{link}</a></li>' for link in LINKS)
    return HTMLResponse(PAGE.format(plugins=plugins, links=links, base=html.escape(str(request.base_url))))


@app.get("/greet/{name}")
async def greet(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"Hello, {request.path_params['name']}!")


@app.get("/items/{item_id:int}")
async def item(request: Request) -> JSONResponse:
    details = request.query_params.get("details") in {"yes", "true", "1"}
    found = {"id": request.path_params["item_id"], "name": "A peg"}
    if details:
        found["details"] = "Made of beech. " * 100
    return JSONResponse(found)


@app.get("/count")
async def count(request: Request) -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        for number in range(1, 6):
            yield f"{number}\n"
            await asyncio.sleep(0.1)

    return StreamingResponse(lines(), media_type="text/plain")


@app.get("/private", plugins={"auth": {"access": "required"}})
async def private(request: Request) -> JSONResponse:
    return JSONResponse({"you are": request.user.display_name})


@app.get("/later")
async def later(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Accepted", 202, background=BackgroundTask(tidy_up, "the workshop"))


async def tidy_up(place: str) -> None:
    await asyncio.sleep(0.01)
    log.warning("tidied up %s", place)


@app.get("/fail")
async def fail(request: Request) -> None:
    raise RuntimeError("This route fails on purpose")


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass


@app.get("/{rest:path}")
async def anything(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"Nothing hangs at /{request.path_params['rest']}", 404)

"""What a board in debug mode shows of an exception: its traceback, and whatever was noted on it."""

from __future__ import annotations

import html
import traceback

from pegboard.responses import HTMLResponse, PlainTextResponse, Response

__all__ = ["debug_page"]


def debug_page(error: BaseException, accept: bytes = b"") -> Response:
    """The 500 with the traceback of ``error``: as HTML where ``accept``, the request's Accept, names it."""
    text = "".join(traceback.format_exception(error))
    if b"text/html" not in accept:
        return PlainTextResponse(text, 500)
    title = html.escape(f"{type(error).__name__}: {error}")
    notes = "".join(f"<p class=note>{html.escape(note)}</p>" for note in getattr(error, "__notes__", ()))
    return HTMLResponse(_PAGE.format(title=title, notes=notes, trace=html.escape(text)), 500)


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>500 {title}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1c1c1c }}
  h1 {{ font-size: 1.3rem }} .note {{ color: #8a1c1c; font-weight: 600 }}
  pre {{ background: #f4f3ef; padding: 1rem; overflow-x: auto; border-radius: 6px; font-size: .85rem }}
</style>
<h1>{title}</h1>{notes}<pre>{trace}</pre></html>
"""

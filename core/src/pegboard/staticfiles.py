"""Folders of files as an ASGI application.

Rules that must not move:

- One hop to a thread finds the file, opens it, decides the answer and reads the first portion. The event loop never
  touches the disk.
- What may be asked for is decided by `pegboard.static_paths`, for every path, wherever it comes from.
- Within a board, what is not found or not allowed is raised, so that its exception handlers answer; elsewhere it is
  answered here.
"""

from __future__ import annotations

import errno
import importlib.util
import os
import stat
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from pegboard.exceptions import HTTPException
from pegboard.file_responses import FileResponse
from pegboard.open_files import in_file_thread
from pegboard.responses import PlainTextResponse, Response
from pegboard.routing.misses import slash_redirect
from pegboard.static_paths import find_below, path_parts
from pegboard.tables import route_path
from pegboard.types import Receive, Scope, Send

__all__ = ["StaticFiles"]

# Not there, below a file, too long, a circle of links, and what Windows says of names that it cannot have.
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL})

_ALLOW = {"Allow": "GET, HEAD, OPTIONS"}


class StaticFiles:
    """Serves the files below ``directory``, and those that ``packages`` bring along; the first that has a file wins.

    ``packages`` are names of packages with a folder ``statics``, or pairs of a package and its folder. With ``html`` a
    folder answers with its ``index.html``, and what is not found with ``404.html``. ``check_dir`` looks for
    ``directory`` at once. ``follow_symlink`` lets symbolic links lead out of a folder. ``cache_control`` is that
    header's value, or a function that gives it (or None) for a path below the mount, such as ``"css/site.css"``.

    Raises ValueError without any folder, and RuntimeError for a folder that does not exist.
    """

    def __init__(
        self,
        *,
        directory: str | os.PathLike[str] | None = None,
        packages: Sequence[str | tuple[str, str]] | None = None,
        html: bool = False,
        check_dir: bool = True,
        follow_symlink: bool = False,
        cache_control: str | Callable[[str], str | None] | None = None,
    ) -> None:
        if directory is None and not packages:
            raise ValueError("StaticFiles: expected `directory`, `packages` or both, got neither")
        self.directory = directory
        self.packages = packages
        self.html = html
        self.follow_symlink = follow_symlink
        self.cache_control = cache_control
        self.all_directories = self.get_directories(directory, packages)
        if check_dir and directory is not None:
            _check_folder(os.fspath(directory))

    def get_directories(
        self,
        directory: str | os.PathLike[str] | None = None,
        packages: Sequence[str | tuple[str, str]] | None = None,
    ) -> list[str]:
        """The folders to look in, in order."""
        own = [] if directory is None else [os.fspath(directory)]
        return own + [_folder_of(package) for package in packages or ()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a WebSocket is refused."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            raise RuntimeError(f"StaticFiles answers HTTP, it has no {scope['type']!r}")
        try:
            response = await self.get_response(self.get_path(scope), scope)
        except HTTPException as error:
            if "app" in scope:
                raise
            response = PlainTextResponse(error.detail, error.status_code, error.headers)
        await response(scope, receive, send)

    def get_path(self, scope: Scope) -> str:
        """The path below the mount, without its first slash."""
        return route_path(scope).removeprefix("/")

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The answer to a request for ``path``. Raises HTTPException 403, 404 and 405; made to be overridden."""
        if scope["method"] == "OPTIONS":
            return Response(None, 204, _ALLOW)
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers=_ALLOW)
        return await in_file_thread(partial(self._find, path, scope))

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Where ``path`` leads to, and what the system knows of it; ``("", None)`` when it leads nowhere.

        It asks the disk, so it is called in threads. Raises OSError when that fails, or is not permitted.
        """
        parts = path_parts(path)
        if parts is None:
            return "", None
        for folder in self.all_directories:
            try:
                found = find_below(folder, parts, self.follow_symlink)
                if found is not None:
                    return found
            except ValueError:
                # The file system has no bytes for this name.
                continue
            except OSError as error:
                if error.errno not in _ABSENT:
                    raise
                _check_folder(folder)
        return "", None

    def file_response(
        self, full_path: str, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The answer with one file; it is called in threads, and made to be overridden."""
        cache_control = self.cache_control
        if callable(cache_control):
            cache_control = cache_control(self.get_path(scope))
        if status_code != 200:
            cache_control = None
        return FileResponse(full_path, status_code, cache_control=cache_control)

    def _find(self, path: str, scope: Scope) -> Response:
        """Find what is asked for, and prepare its answer: runs in a thread."""
        try:
            response = self._answer(path, scope)
            if isinstance(response, FileResponse):
                response.prepare(scope)
        except PermissionError as error:
            raise HTTPException(403) from error
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            # Found, and gone before it was opened.
            raise HTTPException(404) from error
        except OSError as error:
            raise RuntimeError(f"StaticFiles cannot read what {path!r} leads to: {error}") from error
        return response

    def _answer(self, path: str, scope: Scope) -> Response:
        full_path, known = self.lookup_path(path)
        if known is not None and stat.S_ISREG(known.st_mode) and not path.endswith("/"):
            return self.file_response(full_path, known, scope)
        if self.html:
            if known is not None and stat.S_ISDIR(known.st_mode):
                index, known = self.lookup_path(f"{path}/index.html")
                if known is not None and stat.S_ISREG(known.st_mode):
                    return self._index(index, known, scope)
            missing, known = self.lookup_path("404.html")
            if known is not None and stat.S_ISREG(known.st_mode):
                return self.file_response(missing, known, scope, 404)
        raise HTTPException(404)

    def _index(self, full_path: str, known: os.stat_result, scope: Scope) -> Response:
        """A folder's page, at the URL with the slash: what it refers to is relative to that."""
        if scope["path"].endswith("/"):
            return self.file_response(full_path, known, scope)
        return slash_redirect(scope)


def _folder_of(package: str | tuple[str, str]) -> str:
    """The folder of files that a package brings along. Raises RuntimeError when there is none."""
    name, inner = (package, "statics") if isinstance(package, str) else package
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise RuntimeError(f"StaticFiles: there is no package {name!r}; install it, or take it out of `packages`")
    for home in spec.submodule_search_locations or [str(Path(spec.origin or "").parent)]:
        folder = Path(home, inner)
        if folder.is_dir():
            return str(folder)
    raise RuntimeError(
        f"StaticFiles: package {name!r} has no folder {inner!r}; "
        f"name the one it has, for example packages=[({name!r}, 'static')]"
    )


def _check_folder(folder: str) -> None:
    if not Path(folder).is_dir():
        raise RuntimeError(
            f"StaticFiles: {os.fspath(Path(folder).absolute())!r} is no folder; create it, or set `directory` to the "
            "one with the files"
        )

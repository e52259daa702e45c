"""An application's own configuration: environment variables, and a file in their place while developing.

    config = Config(".env")
    DEBUG = config("DEBUG", cast=bool, default=False)
    SECRET_KEY = config("SECRET_KEY", cast=Secret)

The settings of the board and of plugins are another matter: they come from ``pegboard.toml``.

Rules that must not move:

- The environment goes before the file, the file before the default.
- `environ` refuses to change what was read: a test that sets a variable too late is told so.
- No error shows a value, as it may be a secret, unless it was meant to be a number or a truth value.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, TypeVar, overload

__all__ = ["Config", "Environ", "EnvironError", "environ"]

T = TypeVar("T")

_UNSET: Any = object()

_TRUTH = {"true": True, "1": True, "false": False, "0": False}


class EnvironError(Exception):
    """An environment variable was to change after it was read."""


class Environ(MutableMapping[str, str]):
    """Environment variables, each fixed once it was read."""

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._was_read: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self._was_read.add(key)
        return self._environ[key]

    def __setitem__(self, key: str, value: str) -> None:
        """Set a variable. Raises EnvironError when it was read before."""
        self._check(key, "set")
        self._environ[key] = value

    def __delitem__(self, key: str) -> None:
        """Remove a variable. Raises EnvironError when it was read before."""
        self._check(key, "delete")
        del self._environ[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)

    def __repr__(self) -> str:
        """The names only: values may be secrets."""
        return f"{type(self).__name__}({', '.join(self._environ)})"

    def _check(self, key: str, attempt: str) -> None:
        if key in self._was_read:
            raise EnvironError(
                f"attempt to {attempt} environ[{key!r}], which was read already; do it before whatever reads it is "
                "imported"
            )


environ = Environ()
"""The variables of this process."""


class Config:
    """Values by name, from ``environ`` and the file ``env_file``; every name begins with ``env_prefix``.

    A file that does not exist is a warning, as it is for development. Raises ValueError for a line that is neither
    ``NAME=value``, a comment (``#``) nor blank.
    """

    def __init__(
        self,
        env_file: str | os.PathLike[str] | None = None,
        environ: Mapping[str, str] = environ,
        env_prefix: str = "",
        encoding: str = "utf-8",
    ) -> None:
        self.environ = environ
        self.env_prefix = env_prefix
        self.file_values: dict[str, str] = {}
        if env_file is None:
            return
        path = Path(env_file)
        if path.is_file():
            self.file_values = _read(path, encoding)
        else:
            warnings.warn(f"Config file {str(path)!r} not found; only the environment is read", stacklevel=2)

    @overload
    def __call__(self, key: str, cast: Callable[[Any], T], default: None) -> T | None: ...
    @overload
    def __call__(self, key: str, cast: Callable[[Any], T], default: Any = ...) -> T: ...
    @overload
    def __call__(self, key: str, cast: None = None, default: str = ...) -> str: ...
    @overload
    def __call__(self, key: str, cast: None = None, default: T = ...) -> T | str: ...
    def __call__(self, key: str, cast: Callable[[Any], Any] | None = None, default: Any = _UNSET) -> Any:
        """The value of ``key``, made into what ``cast`` gives; the default, too, unless it is None.

        ``cast=bool`` takes true, false, 1 and 0, in any case of letters. Raises KeyError when there is neither value
        nor default, and ValueError when the value cannot be cast.
        """
        return self.get(key, cast, default)

    def get(self, key: str, cast: Callable[[Any], Any] | None = None, default: Any = _UNSET) -> Any:
        """The same as calling the configuration."""
        key = self.env_prefix + key
        value = self.environ.get(key, _UNSET)
        if value is _UNSET:
            value = self.file_values.get(key, default)
        if value is _UNSET:
            raise KeyError(
                f"Config {key!r} is missing and has no default; set it in the environment or the config file"
            )
        return value if cast is None or value is None else _cast(key, value, cast)


def _cast(key: str, value: Any, cast: Callable[[Any], Any]) -> Any:
    name = getattr(cast, "__name__", repr(cast))
    got = f", got {value!r}" if cast in (bool, int, float) else ""
    try:
        if cast is bool and isinstance(value, str):
            return _TRUTH[value.lower()]
        return cast(value)
    except (TypeError, ValueError, KeyError) as error:
        # The error of a cast would show the value.
        cause = error if got else None
        raise ValueError(f"Config {key!r} is not a valid {name}: expected {_EXPECTED.get(cast, name)}{got}") from cause


_EXPECTED: dict[Any, str] = {bool: "true, false, 1 or 0", int: "a whole number", float: "a number"}


def _read(path: Path, encoding: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding).splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        name = name.removeprefix("export ").strip()
        if not equals or not name:
            raise ValueError(f"{path}, line {number}: expected NAME=value, a comment or nothing")
        values[name] = _unquoted(value.strip())
    return values


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'" else value

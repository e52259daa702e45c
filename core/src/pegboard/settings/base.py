"""`Settings`, the class a plugin's settings are written as: frozen, checked by type, and then by themselves.

Types and bounds are said in annotations (``Annotated[int, msgspec.Meta(ge=0)]``). What types cannot say,
`Settings.check` says: it yields every problem it finds, so that the owner of the board sees all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from pegboard.settings.problems import Invalid

__all__ = ["Settings"]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a plugin's settings, or of a table within them.

    ::

        class CORSSettings(Settings, frozen=True, kw_only=True):
            allow_origins: tuple[str, ...] = ()
            max_age: Annotated[int, msgspec.Meta(ge=0, description="Seconds a preflight is kept")] = 600

            def check(self):
                for index, origin in enumerate(self.allow_origins):
                    if "/" in origin.partition("://")[2]:
                        yield f"allow_origins[{index}]", f"an origin has no path: {origin}"

    Raises `Invalid` with all problems when an instance is made.
    """

    def check(self) -> Iterable[tuple[str, str]]:
        """Yield ``(key, message)`` for everything wrong that types cannot say; runs once the types are right."""
        return ()

    def __post_init__(self) -> None:
        """Raise what `check` found, together."""
        if problems := tuple(self.check()):
            raise Invalid(problems)

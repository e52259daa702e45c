"""The HTTP library that the test clients are made of: httpx, or its successor httpx2 when that is the one installed."""

from typing import TYPE_CHECKING

__all__ = ["httpx"]

if TYPE_CHECKING:
    import httpx
else:
    try:
        import httpx
    except ModuleNotFoundError:
        try:
            import httpx2 as httpx
        except ModuleNotFoundError:
            raise ModuleNotFoundError(
                "pegboard.testclient needs httpx (or httpx2), which is not installed: install `pegboard[test]`"
            ) from None

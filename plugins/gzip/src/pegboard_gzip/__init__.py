"""Response compression for Pegboard: zstd, Brotli and gzip, negotiated."""

from pegboard_gzip.plugin import Gzip
from pegboard_gzip.settings import GzipRouteSettings, GzipSettings, Levels

__all__ = ["Gzip", "GzipRouteSettings", "GzipSettings", "Levels"]

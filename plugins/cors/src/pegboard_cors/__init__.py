"""Cross-origin resource sharing for Pegboard, as the Fetch standard has it."""

from pegboard_cors.plugin import CORS
from pegboard_cors.rejections import Reason, Rejection
from pegboard_cors.settings import CORSSettings

__all__ = ["CORS", "CORSSettings", "Reason", "Rejection"]

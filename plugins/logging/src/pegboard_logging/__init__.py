"""Access logging for Pegboard: one true record per request, with ids that application log lines share."""

from pegboard_logging import log
from pegboard_logging.injection import ContextFilter, add_context
from pegboard_logging.plugin import Logging
from pegboard_logging.settings import LoggingRouteSettings, LoggingSettings

__all__ = ["ContextFilter", "Logging", "LoggingRouteSettings", "LoggingSettings", "add_context", "log"]

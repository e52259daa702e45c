"""Where the time of a request went, in the header Server-Timing, as a plugin for Pegboard."""

from pegboard_server_timing.metrics import Metrics
from pegboard_server_timing.plugin import ServerTiming, measure
from pegboard_server_timing.settings import ServerTimingSettings

__all__ = ["Metrics", "ServerTiming", "ServerTimingSettings", "measure"]

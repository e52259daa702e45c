"""The settings of the logging plugin: for the board, and those that a route may have of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, runtime_checkable

from msgspec import Meta, field

from pegboard.raw_headers import field_name
from pegboard.settings import Settings
from pegboard_logging.addresses import Trusted
from pegboard_logging.fields import FIELDS
from pegboard_logging.redaction import Redaction, folded
from pegboard_logging.syslog import syslog_address

__all__ = ["LevelName", "LoggingRouteSettings", "LoggingSettings", "SpanProcessor"]

LevelName = Literal["debug", "info", "warning", "error"]

MEANINGFUL = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "host",
        "location",
        "referer",
        "traceparent",
        "tracestate",
        "transfer-encoding",
        "user-agent",
    }
)
"""Headers that have a meaning of their own to servers, clients and tracers, which no id can be."""

Share = Annotated[float, Meta(ge=0, le=1)]


@runtime_checkable
class SpanProcessor(Protocol):
    """What takes finished spans: any of OpenTelemetry's span processors."""

    def on_end(self, span: Any) -> None:
        """Take a span."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Hand on what was taken, within so many milliseconds."""
        raise NotImplementedError


class LoggingRouteSettings(Settings, frozen=True, kw_only=True):
    """What a route may decide for itself: whether it is recorded, how often, and as how important."""

    record: Annotated[bool, Meta(description="False keeps the ids but writes no access record")] = True
    level: Annotated[LevelName, Meta(description="Level of an answer below 400")] = "info"
    level_client_error: Annotated[LevelName, Meta(description="Level of an answer from 400 to 499")] = "info"
    level_server_error: Annotated[LevelName, Meta(description="Level from 500, and of whatever failed")] = "error"
    slow: Annotated[float, Meta(gt=0, description="Seconds from which a request is logged as a warning")] | None = None
    sample: Annotated[Share, Meta(description="Share of the answers below 400 that is recorded, 0 to 1")] = 1.0
    sample_client_errors: Annotated[
        Share, Meta(description="Share of the answers from 400 to 499 that is recorded")
    ] = 1.0


class LoggingSettings(LoggingRouteSettings, frozen=True, kw_only=True):
    """The settings of the logging plugin."""

    # What a record looks like

    format: Annotated[
        Literal["auto", "json", "logfmt", "common", "combined", "ecs", "google", "console"],
        Meta(description="auto is console on a terminal and json elsewhere"),
    ] = "auto"
    fields: Annotated[
        tuple[str, ...], Meta(description="The fields of json and logfmt, in order; empty: the usual")
    ] = ()
    rename: Annotated[dict[str, str], Meta(description="Other names for fields of json and logfmt")] = field(
        default_factory=dict
    )
    request_headers: Annotated[tuple[str, ...], Meta(description="Request headers to record")] = ()
    response_headers: Annotated[tuple[str, ...], Meta(description="Response headers to record")] = ()
    max_length: Annotated[int, Meta(ge=16, description="Characters kept of a path or any other text of a client")] = (
        1024
    )
    google_project: Annotated[str, Meta(description="Project whose traces the google format links to")] = ""

    # Ids

    request_id_header: Annotated[
        str, Meta(min_length=1, description="The header that a request id comes and goes in")
    ] = "x-request-id"
    request_id_from: Annotated[
        Literal["anyone", "trusted", "nobody"], Meta(description="Whose request ids are taken over")
    ] = "anyone"
    trace: Annotated[
        Literal["continue", "start", "off"],
        Meta(description="Continue the trace of a client, also start one where there is none, or neither"),
    ] = "continue"

    # Privacy

    trusted_proxies: Annotated[
        tuple[str, ...], Meta(description="Addresses and networks whose X-Forwarded-For is believed")
    ] = ()
    truncate_addresses: Annotated[bool, Meta(description="Keep /24 of IPv4 addresses and /48 of IPv6 only")] = False
    redact_headers: Annotated[tuple[str, ...], Meta(description="More headers whose values are not written")] = ()
    redact_names: Annotated[
        tuple[str, ...], Meta(description="More query parameters and bound fields whose values are not written")
    ] = ()

    # Volume

    minimum_level: Annotated[LevelName, Meta(description="Records of lower levels are not written")] = "debug"
    exclude: Annotated[tuple[str, ...], Meta(description="Paths of routes that are not recorded")] = ()
    max_per_second: Annotated[int, Meta(ge=1, description="Access records a second; more are counted only")] | None = (
        None
    )

    # Delivery

    target: Annotated[
        Literal["stderr", "stdout", "file", "syslog", "logger"], Meta(description="Where lines are written to")
    ] = "stderr"
    file: (
        Annotated[Path, Meta(description="The file of target = file; reopened when it is moved, and on SIGHUP")] | None
    ) = None
    syslog: Annotated[str, Meta(min_length=1, description="A socket's path, or host:port for UDP")] = "/dev/log"
    logger: Annotated[str, Meta(min_length=1, description="The standard logger of target = logger")] = "pegboard.access"
    write: (
        Annotated[
            Callable[[bytes], object], Meta(description="A function that is given each line, instead of a target")
        ]
        | None
    ) = None
    queue_size: Annotated[int, Meta(ge=1, description="Records that may wait to be written")] = 16384
    when_full: Annotated[
        Literal["drop", "wait"], Meta(description="What a request does when the queue is full: drop and count, or wait")
    ] = "drop"
    flush_interval: Annotated[float, Meta(ge=0, le=60, description="Seconds in which records are gathered")] = 0.05
    shutdown_timeout: Annotated[float, Meta(ge=0, description="Seconds that a shutdown waits for the writer")] = 5.0

    # Metrics and spans

    metrics: (
        Annotated[str, Meta(pattern="^/", description="Path of a page with metrics for Prometheus; none: no page")]
        | None
    ) = None
    spans: (
        Annotated[SpanProcessor, Meta(description="OpenTelemetry's processor that is given the span of each request")]
        | None
    ) = None

    # Others' logs

    server_loggers: Annotated[tuple[str, ...], Meta(description="Access loggers of servers that are silenced")] = (
        "uvicorn.access",
    )
    capture: Annotated[
        tuple[str, ...], Meta(description="Standard loggers whose records are written as events, with the ids")
    ] = ("pegboard",)

    def check(self) -> Iterable[tuple[str, str]]:
        """Yield what types cannot say: names that nothing has, networks that are none, settings that need another."""
        for key in ("request_headers", "response_headers", "redact_headers"):
            for index, name in enumerate(getattr(self, key)):
                yield from _header_problems(f"{key}[{index}]", name)
        yield from self._id_problems()
        yield from self._field_problems()
        for index, network in enumerate(self.trusted_proxies):
            try:
                Trusted([network])
            except ValueError as error:
                yield f"trusted_proxies[{index}]", f"{error}; expected an address or a network such as 10.0.0.0/8"
        if self.request_id_from == "trusted" and not self.trusted_proxies:
            yield "request_id_from", 'is "trusted", but nobody is: list addresses in trusted_proxies, or use "nobody"'
        for index, path in enumerate(self.exclude):
            if not path.startswith("/"):
                yield f"exclude[{index}]", f"{path!r} is no path of a route; a path begins with /"
        yield from self._target_problems()
        yield from self._extra_problems()

    def _id_problems(self) -> Iterable[tuple[str, str]]:
        key, name = "request_id_header", self.request_id_header
        yield from _header_problems(key, name)
        if folded(name) in Redaction(self.redact_headers).headers:
            yield key, f"{name!r} is a secret, which a request id is not; use a header such as x-request-id"
        if name.lower() in MEANINGFUL:
            yield key, f"{name!r} means something else in HTTP; use a header such as x-request-id"

    def _target_problems(self) -> Iterable[tuple[str, str]]:
        try:
            syslog_address(self.syslog)
        except ValueError as error:
            yield "syslog", str(error)
        if self.target == "file" and self.file is None:
            yield "file", 'target is "file", so a file must be given'
        if self.file is not None and self.target != "file":
            yield "file", f'a file is given, but target is "{self.target}"; use target = "file"'

    def _extra_problems(self) -> Iterable[tuple[str, str]]:
        if self.spans is not None and self.trace == "off":
            yield "spans", 'spans belong to a trace, but trace is "off"; take one of the two away'
        for key, module, extra in (
            ("metrics", "prometheus_client", "prometheus"),
            ("spans", "opentelemetry.sdk", "opentelemetry"),
        ):
            if getattr(self, key) is not None and not _is_installed(module):
                yield key, f"needs {module}, which is not installed: install pegboard-logging[{extra}]"

    def _field_problems(self) -> Iterable[tuple[str, str]]:
        for index, name in enumerate(self.fields):
            if name not in FIELDS:
                yield f"fields[{index}]", f"there is no field {name!r}; fields are {', '.join(FIELDS)}"
        shown = Counter(self.rename.get(name, name) for name in (*FIELDS, *(self.rename.keys() - FIELDS.keys())))
        for name, new in self.rename.items():
            if shown[new] > 1:
                yield f"rename.{name}", f"{new!r} is the name of another field too, which would be lost; use another"
        for key in ("fields", "rename"):
            if getattr(self, key) and self.format not in ("auto", "json", "logfmt"):
                yield key, f'holds for the formats json and logfmt; format is "{self.format}", whose names are fixed'


def _header_problems(key: str, name: Any) -> Iterable[tuple[str, str]]:
    try:
        field_name(name)
    except ValueError as error:
        yield key, str(error)


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        # What the module would stand in is not there either.
        return False

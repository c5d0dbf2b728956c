"""Structured logs: one JSON object a line, of fields on a list, without personal data."""

import logging
import re
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from http import HTTPStatus
from logging.config import dictConfig
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.http import HttpRequest, HttpResponse
from procrastinate import App, JobContext
from structlog.typing import EventDict

# A log line has only the fields of this list; nothing searches texts for personal data, because a search finds what
# it knows. Messages of errors quote values, so only their types and places are logged.


WITHHELD = "(withheld)"
"""Stands for a value that its field may not have."""

_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,120}")
_ROUTE = re.compile(r"/[A-Za-z0-9_.:<>/()?+*\[\]{}|^$\\-]{0,200}")
_LONGEST_EVENT = 200


class Kind(StrEnum):
    ID = "id"
    """an id that the portal made: a UUID"""
    NUMBER = "number"
    CODE = "code"
    """a name from the code, such as of a task or a class"""
    ROUTE = "route"
    """the pattern of a URL, with the names of its parameters in place of their values"""
    SENTENCE = "sentence"
    """a sentence of the code, without values"""
    PLACES = "places"
    """places in the code, from the outermost call to the innermost"""


FIELDS: Mapping[str, Kind] = {
    "time": Kind.CODE,
    "level": Kind.CODE,
    "logger": Kind.CODE,
    "event": Kind.SENTENCE,
    "request_id": Kind.ID,
    "method": Kind.CODE,
    "route": Kind.ROUTE,
    "status": Kind.NUMBER,
    "duration_ms": Kind.NUMBER,
    "client_id": Kind.ID,
    "key_id": Kind.ID,
    "user_id": Kind.ID,
    "role": Kind.CODE,
    "command": Kind.CODE,
    "job": Kind.CODE,
    "job_id": Kind.NUMBER,
    "attempt": Kind.NUMBER,
    "count": Kind.NUMBER,
    "reason": Kind.CODE,
    "error": Kind.CODE,
    "trace": Kind.PLACES,
}
"""Every field, in the order of the line. A new field needs a kind that no personal data fits into."""


def keep_allowed(logger: object, method: str, line: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of a line that are on the list, in its order; a value of the wrong kind is withheld."""
    del logger, method
    known = {name: value for name in FIELDS if (value := line.get(name)) is not None}
    return {name: value if _CHECKS[FIELDS[name]](value) else WITHHELD for name, value in known.items()}


def _is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


_CHECKS: Mapping[Kind, Callable[[object], bool]] = {
    Kind.ID: _is_id,
    Kind.NUMBER: lambda value: isinstance(value, int | float),
    Kind.CODE: lambda value: isinstance(value, str) and _CODE.fullmatch(value) is not None,
    Kind.ROUTE: lambda value: isinstance(value, str) and _ROUTE.fullmatch(value) is not None,
    Kind.SENTENCE: lambda value: isinstance(value, str) and len(value) <= _LONGEST_EVENT,
    Kind.PLACES: lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
}


_ROOT = Path(__file__).resolve().parents[3]
_INNERMOST = 12
"""Number of places of an error that are logged."""
_TEMPLATES = ("django", "axes", "_granian")
"""Libraries whose messages are templates: text of the code with the values apart."""
_SUSPICIOUS = "django.security."
_QUEUE = "procrastinate"
_UNKNOWN = "A library logged a message"


def make_formatter(*, as_json: bool, is_verbose: bool = False) -> logging.Formatter:
    """Return the formatter, and send the lines of structlog's loggers through it.

    ``as_json`` writes one JSON object a line, otherwise text for a terminal. ``is_verbose`` adds whole tracebacks, with
    the messages of errors, which may quote personal data: for DEBUG only.
    """
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_describe_foreign],
        processors=[
            structlog.contextvars.merge_contextvars,
            _describe_record,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            keep_allowed,
            structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else _render_text,
        ],
        keep_exc_info=is_verbose,
        use_get_message=False,
    )


def _describe_record(logger: object, method: str, line: EventDict) -> EventDict:
    """Add level, logger and error; the error by its type and its places, because its message may quote data."""
    del logger, method
    record: logging.LogRecord = line["_record"]
    line["level"], line["logger"] = record.levelname.lower(), record.name
    given = line.get("exc_info")
    error: BaseException | None = given if isinstance(given, BaseException) else None
    if given and error is None:
        error = given[1] if isinstance(given, tuple) else sys.exc_info()[1]
    if error is not None:
        line["error"], line["trace"] = type(error).__name__, []
        if isinstance(error, BaseExceptionGroup):
            line["error"] += f":{'.'.join(sorted({type(one).__name__ for one in error.exceptions}))}"
        for frame in traceback.extract_tb(error.__traceback__)[-_INNERMOST:]:
            path = Path(frame.filename)
            name = path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else Path(*path.parts[-2:])
            line["trace"].append(f"{name}:{frame.lineno} {frame.name}")
    return line


def _describe_foreign(logger: object, method: str, line: EventDict) -> EventDict:
    del logger, method
    record: Any = line["_record"]
    line["status"] = getattr(record, "status_code", None)
    line["route"] = find_route(getattr(record, "request", None))
    if record.name.startswith(_SUSPICIOUS):
        line["event"], line["reason"] = "A request was suspicious", record.name.removeprefix(_SUSPICIOUS)
    elif _is_below(record.name, _QUEUE):
        line.update(_describe_job(record))
    elif line["route"] is not None or getattr(record, "request", None) is not None:
        line["event"] = "A request was answered with an error"
    elif not any(_is_below(record.name, library) for library in _TEMPLATES):
        line["event"] = _UNKNOWN
    return line


def _describe_job(record: object) -> Mapping[str, object]:
    """Return what the worker did with which task; its message repeats the arguments."""
    job = getattr(record, "job", None) or {}
    return {
        "event": "The worker logged a step",
        "reason": getattr(record, "action", None),
        "job": job.get("task_name"),
        "job_id": job.get("id"),
        "attempt": job.get("attempts"),
    }


def find_route(request: object) -> str | None:
    """Return the route of a request, such as ``/api/v1/subjects/<str:external_id>``; None if it has none."""
    match = getattr(request, "resolver_match", None)
    return None if match is None else f"/{match.route}"


def _is_below(name: str, parent: str) -> bool:
    return name == parent or name.startswith(f"{parent}.")


def _render_text(logger: object, method: str, line: EventDict) -> str:
    del logger, method
    head = f"{line.pop('time')} {line.pop('level'):<7} {line.pop('event', '')}"
    places = "".join(f"\n    {place}" for place in line.pop("trace", []))
    return "  ".join([head, *(f"{name}={value}" for name, value in line.items())]) + places


_QUIET = ("axes", "procrastinate.blueprints", "procrastinate.periodic", "procrastinate.jobs")
"""Loggers with a line at every start, or for every job that is enqueued."""


def configure(settings: Mapping[str, object]) -> None:
    """Configure logging by the setting LOGGING: its level, its format (json or text), and whether it is verbose."""
    formatter = {"()": make_formatter, "as_json": settings["format"] == "json", "is_verbose": settings["is_verbose"]}
    dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": formatter},
            "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["console"], "level": settings["level"]},
            "loggers": {name: {"level": "WARNING"} for name in _QUIET},
        }
    )


log = structlog.stdlib.get_logger(__name__)

HEADER = "X-Request-ID"
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_ACTOR_FIELDS = {"user": "user_id", "api_key": "key_id"}
"""The field for the id of an actor of each kind; data subjects are not logged."""


class RequestLogMiddleware:
    """Logs one line for each request, and adds its id to all lines logged meanwhile.

    The outermost middleware. Decisions do not pass it: the metrics count them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        given = request.headers.get(HEADER, "")
        request_id = given if _is_id(given) else str(uuid4())  # any other id of a caller could be a name
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            write = log.info
            if request.path in _PROBES:
                write = log.debug
            elif response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                write = log.error
            answered = {"method": request.method, "route": find_route(request), "status": response.status_code}
            if (actor := getattr(request, "actor", None)) is not None:
                answered |= {"role": actor.role, "client_id": str(actor.client_id) if actor.client_id else None}
                if actor.kind in _ACTOR_FIELDS:
                    answered[_ACTOR_FIELDS[actor.kind]] = str(actor.id)
            write("A request was answered", duration_ms=round((time.perf_counter() - began) * 1000, 1), **answered)
        return response


def name_jobs(app: App) -> None:
    """Make every worker of the app name the job in its log lines."""
    app.worker_defaults["worker_middleware"] = [*(app.worker_defaults.get("worker_middleware") or ()), _name_job]


async def _name_job(call_next: Callable[[], Awaitable[object]], context: JobContext, worker: object) -> object:
    del worker
    job = context.job
    with structlog.contextvars.bound_contextvars(job=job.task_name, job_id=job.id, attempt=job.attempts):
        return await call_next()


def name_command(arguments: list[str]) -> None:
    """Add the command's name, without its arguments, which may name people."""
    if len(arguments) > 1:
        structlog.contextvars.bind_contextvars(command=arguments[1])

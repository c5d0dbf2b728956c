"""Middleware that logs each request: who asked for which route, and how it was answered."""

import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.http import HttpRequest, HttpResponse
from procrastinate import App, JobContext

from paktaleem.foundation.operations.logs.formatting import find_route

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
        with structlog.contextvars.bound_contextvars(request_id=find_request_id(request)):
            response = self.get_response(request)
            _log_request(request, response, seconds=time.perf_counter() - began)
        return response


def find_request_id(request: HttpRequest) -> str:
    """Return the caller's id of the request if it is a UUID, otherwise a new one.

    Any other id of a caller could be a name or the id of a person.
    """
    given = request.headers.get(HEADER, "")
    try:
        return given if str(UUID(given)) == given else str(uuid4())
    except ValueError:
        return str(uuid4())


def _log_request(request: HttpRequest, response: HttpResponse, *, seconds: float) -> None:
    write = log.info
    if request.path in _PROBES:
        write = log.debug
    elif response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        write = log.error
    write(
        "A request was answered",
        method=request.method,
        route=find_route(request),
        status=response.status_code,
        duration_ms=round(seconds * 1000, 1),
        **_describe_actor(getattr(request, "actor", None)),
    )


def _describe_actor(actor: Any) -> Mapping[str, str | None]:
    if actor is None:
        return {}
    ids = {_ACTOR_FIELDS[actor.kind]: str(actor.id)} if actor.kind in _ACTOR_FIELDS else {}
    return {"role": actor.role, "client_id": str(actor.client_id) if actor.client_id else None, **ids}


def name_jobs(app: App) -> None:
    """Make every worker of the app name the job in its log lines."""
    app.worker_defaults["worker_middleware"] = [*(app.worker_defaults.get("worker_middleware") or ()), _name_job]


async def _name_job(call_next: Callable[[], Awaitable[Any]], context: JobContext, worker: object) -> Any:
    del worker
    job = context.job
    with structlog.contextvars.bound_contextvars(job=job.task_name, job_id=job.id, attempt=job.attempts):
        return await call_next()


def name_command(arguments: list[str]) -> None:
    """Add the command's name, without its arguments, which may name people."""
    if len(arguments) > 1:
        structlog.contextvars.bind_contextvars(command=arguments[1])

"""Every process waits until the database has carried out every erasure, so that no erased data is used or shown.

The web server answers 503, the worker takes no job. After a restore, ``replay_erasures`` or the worker carries the
missing ones out.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from http import HTTPStatus

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.http import HttpRequest, HttpResponse
from procrastinate import App
from procrastinate.jobs import Job
from procrastinate.manager import JobManager

from paktaleem.directory.people.erasures import ErasureState, erasure_state
from paktaleem.directory.people.tasks import complete_erasures
from paktaleem.foundation.api.problems import is_api, problem_response
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.errors import Problem
from paktaleem.foundation.logs.jobs import name_jobs
from paktaleem.foundation.public.pages import error_page

__all__ = ["ReadinessMiddleware", "prepare_worker"]

log = structlog.stdlib.get_logger(__name__)

_OPEN = ("/healthz", "/readyz", "/metrics")
_CLOSED = Problem(
    "not-ready",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The portal is not ready",
    "Erasures are being repeated after a restore. Treat every decision as a refusal until then.",
)
_NO_LIST = replace(_CLOSED, detail="The list of erasures cannot be used. Treat every decision as a refusal until then.")


class ReadinessMiddleware:
    """Answer 503 to all but the health endpoints until all erasures are carried out.

    Checks on the first request and then every READINESS_SECONDS. Raises DatabaseError if the database does not answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Store the next middleware; the state is unknown."""
        self.get_response = get_response
        self._state = ErasureState.NOT_REPLAYED
        self._next_check_at = 0.0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, or answer 503."""
        if request.path in _OPEN or self._may_serve():
            return self.get_response(request)
        return _refusal(request, self._state)

    def _may_serve(self) -> bool:
        if time.monotonic() >= self._next_check_at:
            self._state = _read_state()
            self._next_check_at = time.monotonic() + settings.READINESS_SECONDS
        return self._state.may_serve


def prepare_worker(app: App) -> None:
    """Let every worker of the app wait for erasures, and name jobs in its lines (``PROCRASTINATE_ON_APP_READY``)."""
    app.job_manager = _WaitingJobManager(app.job_manager.connector)
    name_jobs(app)


class _WaitingJobManager(JobManager):
    """Gives the worker no job until all erasures are carried out; checks before a job, every READINESS_SECONDS.

    A job that is not taken stays in the queue, also when the worker is stopped meanwhile.
    """

    _next_check_at = 0.0

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        if time.monotonic() >= self._next_check_at:
            if not await sync_to_async(_carry_out_erasures)():
                return None
            self._next_check_at = time.monotonic() + settings.READINESS_SECONDS
        return await super().fetch_job(queues, worker_id)


def _carry_out_erasures() -> bool:
    """Carry out the erasures that the database lacks; return True if it has carried out all."""
    close_old_connections()
    try:
        if not _is_ready():
            complete_erasures(0)
        return _is_ready()
    except (DatabaseError, OSError):
        log.exception("The worker waits: the erasure list cannot be compared with the database.")
        return False
    finally:
        close_old_connections()


def _is_ready() -> bool:
    return _read_state().may_serve


def _read_state() -> ErasureState:
    """Return the state of the erasures, and log why requests are refused."""
    state = erasure_state(at=wall_clock_now())
    if not state.may_serve:
        log.error("No request is served; manage.py doctor says what to do.", reason=state.value)
    return state


def _refusal(request: HttpRequest, state: ErasureState) -> HttpResponse:
    problem = _CLOSED if state is ErasureState.NOT_REPLAYED else _NO_LIST
    response = problem_response(problem, request) if is_api(request) else error_page(problem.status)
    response["Retry-After"] = str(max(1, round(settings.READINESS_SECONDS)))
    return response

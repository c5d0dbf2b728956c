"""Background tasks for people: erasures, ages and uploaded rosters."""

import time
from collections.abc import Iterable
from uuid import UUID

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.jobs import Job
from procrastinate.manager import JobManager

from paktaleem.directory.people.erasures import Erasure, erasure_state
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.age_recomputation import recompute_ages
from paktaleem.directory.people.services.erasure import COMPLETE_ERASURE, complete_erasure, replay_erasures
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.client_services import RECOMPUTE_AGES
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.encryption.erasure_list import ListDamaged
from paktaleem.foundation.operations.jobs import do_each
from paktaleem.foundation.operations.logs import name_jobs
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.database.statistics import forget_erased_values
from paktaleem.foundation.upkeep.runs.services import advance_run, end_run, restart_run

COMPLETE_ANSWERED = "subjects.complete_answered_erasures"
FORGET_IN_STATISTICS = "subjects.forget_in_statistics"
AGES_AT_ONCE = 500

log = structlog.stdlib.get_logger(__name__)


@app.task(name=COMPLETE_ERASURE, pass_context=False)
def complete_answered_erasure(client: str, erasure: str) -> None:
    """Complete one erasure once every system has answered; idempotent."""
    client_id = UUID(client)
    with in_client(client_id):
        found = Erasure.objects.get(pk=UUID(erasure), client_id=client_id)
        complete_erasure(found, actor=system_actor(COMPLETE_ERASURE), at=client_now())


@app.periodic(cron="*/10 * * * *", periodic_id="complete_answered_erasures")
@app.task(name=COMPLETE_ANSWERED, queueing_lock=COMPLETE_ANSWERED, pass_context=False)
def complete_answered_erasures(timestamp: int) -> None:
    """Complete answered erasures that waited, such as for the repair of the list, or whose job failed."""
    del timestamp
    with as_officer():
        waiting = list(Erasure.objects.filter(completed_at=None).order_by("id").values_list("client_id", "pk"))
    do_each(waiting, lambda one: complete_answered_erasure(str(one[0]), str(one[1])))


@app.periodic(cron="* * * * *", periodic_id="complete_erasures")
@app.task(name="subjects.complete_erasures", queueing_lock="subjects.complete_erasures", pass_context=False)
def complete_erasures(timestamp: int) -> None:
    """Complete, within a minute, erasures that were confirmed but whose commit failed."""
    del timestamp
    try:
        done = replay_erasures(at=wall_clock_now())
    except ListDamaged:
        log.exception("The erasure list is not the one that this database knows; restore the right one.")
        return
    if done:
        log.warning("Completed confirmed erasures that the database lacked.", count=done)


def prepare_worker(worker_app: App) -> None:
    """Make every worker wait for erasures, and name the job in its log lines (``PROCRASTINATE_ON_APP_READY``)."""
    worker_app.job_manager = _WaitingJobManager(worker_app.job_manager.connector)
    name_jobs(worker_app)


class _WaitingJobManager(JobManager):
    """Gives the worker no job until all erasures are carried out; such a job stays in the queue."""

    _next_check_at = 0.0

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        if time.monotonic() >= self._next_check_at:
            if not await sync_to_async(_carry_out_erasures)():
                return None
            self._next_check_at = time.monotonic() + settings.READINESS_SECONDS
        return await super().fetch_job(queues, worker_id)


def _carry_out_erasures() -> bool:
    close_old_connections()
    try:
        if erasure_state(at=wall_clock_now()).may_serve:
            return True
        complete_erasures(0)
        return erasure_state(at=wall_clock_now()).may_serve
    except (DatabaseError, OSError):
        log.exception("The worker waits: the erasure list cannot be compared with the database.")
        return False
    finally:
        close_old_connections()


@app.periodic(cron="36 20 * * *", periodic_id="forget_in_statistics")
@app.task(name=FORGET_IN_STATISTICS, queueing_lock=FORGET_IN_STATISTICS, pass_context=False)
def forget_in_statistics(timestamp: int) -> None:
    """Let the planner's statistics forget, each night (01:36 in Karachi), the ids and addresses erased since."""
    del timestamp
    forget_erased_values()


@app.task(name=RECOMPUTE_AGES, pass_context=False)
def recompute_ages_of_client(client: str) -> None:
    """Recompute when a client's people reach the age threshold, in batches, with their progress; idempotent."""
    client_id, after = UUID(client), None
    actor = system_actor(RECOMPUTE_AGES)
    with in_client(client_id):
        total = Subject.objects.filter(client_id=client_id, erased_at=None).count()
        run = restart_run(RECOMPUTE_AGES, client_id=client_id, total=total, actor=actor, at=client_now())
    while True:
        with in_client(client_id):
            found = Client.objects.get(id=client_id)
            after = recompute_ages(found, after=after, limit=AGES_AT_ONCE, actor=actor, at=client_now())
            if after is None:
                end_run(run.pk, client_id=client_id, at=client_now())
                return
            advance_run(run.pk, client_id=client_id, done=AGES_AT_ONCE)

"""Background tasks for people: erasures, ages and uploaded rosters."""

from uuid import UUID

import structlog
from procrastinate.contrib.django import app

from paktaleem.directory.people.models import Erasure, Subject
from paktaleem.directory.people.services import COMPLETE_ERASURE, complete_erasure, recompute_ages
from paktaleem.directory.people.services.replay import replay_erasures
from paktaleem.directory.people.services.statistics import refresh_statistics
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.services import RECOMPUTE_AGES
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.encryption.erasure_list import ListDamaged
from paktaleem.foundation.jobs.each import do_each
from paktaleem.foundation.runs.services import advance_run, end_run, restart_run
from paktaleem.foundation.tenancy.context import as_officer, in_client, in_global

__all__ = [
    "complete_answered_erasure",
    "complete_answered_erasures",
    "complete_erasures",
    "forget_in_statistics",
    "recompute_ages_of_client",
]

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
    """Complete, every ten minutes, answered erasures that waited or whose own job failed.

    Such as for a message, a copy to be fetched, or the repair of the list. One that fails does not stop the others.
    """
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


@app.periodic(cron="36 20 * * *", periodic_id="forget_in_statistics")
@app.task(name=FORGET_IN_STATISTICS, queueing_lock=FORGET_IN_STATISTICS, pass_context=False)
def forget_in_statistics(timestamp: int) -> None:
    """Let the planner's statistics forget, each night (01:36 in Karachi), the LMS ids of people erased since."""
    del timestamp
    with in_global():
        refresh_statistics()


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

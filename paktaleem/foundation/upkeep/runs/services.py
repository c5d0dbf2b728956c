"""Begin, advance and end the run of a long act, in the transaction of each of its steps."""

# A step in one transaction publishes its numbers in autonomous ones, because nothing of it can be seen from outside
# before it commits.

from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Least

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.tenancy.context import autonomous_transaction
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.upkeep.runs.models import Run, StepProgress


def begin_run(kind: str, *, client_id: UUID, total: int, actor: Actor, at: datetime) -> Run:
    """Begin a run, in the transaction that queues its job; ``kind`` is the name of the task, ``total`` a count."""
    started_by = actor.id if actor.kind is ByKind.USER else None
    run = Run(id=new_id(), client_id=client_id, kind=kind, total=total, started_by=started_by, started_at=at)
    run.school_ids = actor.school_ids
    run.save(force_insert=True)
    return run


def restart_run(kind: str, *, client_id: UUID, total: int, actor: Actor, at: datetime) -> Run:
    """Begin a run in its job, or count the open one of this kind from the start: its job was killed and runs again."""
    found = Run.objects.select_for_update().filter(client_id=client_id, kind=kind, ended_at=None).first()
    if found is None:
        return begin_run(kind, client_id=client_id, total=total, actor=actor, at=at)
    found.done, found.total = 0, total
    found.save(update_fields=["done", "total"])
    return found


def find_limit_of_run(run_id: UUID) -> frozenset[UUID] | None:
    """Return the schools to which the actor who began a run is limited, None for no limit; in the client's context."""
    school_ids = Run.objects.values_list("school_ids", flat=True).get(pk=run_id)
    return None if school_ids is None else frozenset(school_ids)


def advance_run(run_id: UUID, *, client_id: UUID, done: int) -> None:
    """Add to what is done, at most to the total, in the transaction of the step that did it."""
    Run.objects.filter(pk=run_id, client_id=client_id, ended_at=None).update(done=Least(F("done") + done, F("total")))


def end_run(run_id: UUID, *, client_id: UUID, at: datetime) -> None:
    """Record that everything is done; a run that has ended is left as it is."""
    Run.objects.filter(pk=run_id, client_id=client_id, ended_at=None).update(ended_at=at)


def report_step(key: UUID, *, done: int, total: int) -> None:
    """Publish how far a step is that is one transaction, in a transaction of its own."""
    with autonomous_transaction() as alias:
        StepProgress.objects.using(alias).update_or_create(key=key, defaults={"done": min(done, total), "total": total})


def find_step(key: UUID) -> tuple[int, int] | None:
    """Return how much of a running step is done, and the total; None if nothing is published."""
    return StepProgress.objects.filter(pk=key).values_list("done", "total").first()

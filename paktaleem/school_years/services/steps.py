"""Code that all services of ends of years share: locking, the ledger, the worker's job, the lists, and errors."""

from datetime import datetime
from typing import Any
from uuid import UUID

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.jobs.enqueue import enqueue_job
from paktaleem.school_years.models import Stage, YearEnd, YearEndClass, YearEndPerson

CONTINUE = "school_years.continue"
"""The task that continues the end of a year."""


class YearEndMovedOn(PortalError):
    """The end of the year is in a stage that does not allow this, because another person or the worker was faster."""

    console_message = "The end of the year has moved on in the meantime: look at it again."


def lock_year_end(key: UUID, *, client_id: UUID) -> YearEnd:
    """Return the end of a year with client and term, locked until the end of the transaction."""
    rows = YearEnd.objects.select_for_update(of=("self",)).select_related("client", "term")
    found: YearEnd = rows.get(pk=key, client_id=client_id)
    return found


def require_stage(row: YearEnd, *stages: Stage) -> None:
    """Raise YearEndMovedOn unless the end of the year is in one of these stages."""
    if row.stage not in stages:
        raise YearEndMovedOn


def enqueue_year_end(row: YearEnd, *, unless_queued: bool = False) -> None:
    """Enqueue the job that continues the end of a year; jobs of one client run one after the other."""
    client = str(row.client_id)
    enqueue_job(CONTINUE, lock=f"{CONTINUE}/{client}", unless_queued=unless_queued, client=client, year_end=str(row.pk))


def record_year_end(kind: str, row: YearEnd, actor: Actor, at: datetime, **more: Any) -> None:
    """Record a step in the ledger: ids, codes and counts."""
    facts = {
        "year_end": str(row.pk),
        "term": str(row.term_id),
        "school": str(row.school_id) if row.school_id else None,
        "leavers_by": str(row.leavers_by),
        **{f"leaving_{name}": value for name, value in row.chosen.items() if name != "beginning"},
        "renewed": list(row.renewed),
        "let_go": list(row.let_go),
        **more,
    }
    record_entry(kind, client_id=row.client_id, facts=facts, actor=actor, at=at)


def delete_lists(row: YearEnd) -> None:
    """Delete the worker's lists of classes and people; the counts stay."""
    for model in (YearEndPerson, YearEndClass):
        model._default_manager.filter(client_id=row.client_id, year_end=row).delete()


def forget_person(subject: Subject, actor: Actor, at: datetime) -> None:
    """Take a person who is erased off the lists. Connected to ``before_erasure``."""
    del actor, at
    YearEndPerson.objects.filter(client_id=subject.client_id, subject=subject).delete()

"""End classes and enrolments by a decision of staff; statements of sources are in ``recording``."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce, Greatest, Least

from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.models import Enrolment, Origin, SchoolClass
from paktaleem.directory.schools.rows import ENROLMENTS
from paktaleem.directory.schools.selectors import get_day
from paktaleem.directory.schools.services.recording import lock_schools
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import is_limited


class ClassesElsewhere(NotAllowed):
    """Staff limited to schools would end enrolments of classes of other schools too, which they may not."""

    console_message = (
        "This concerns classes of a school outside your role, too: ask a colleague whose role is not limited to "
        "schools."
    )


@transaction.atomic
def end_classes(
    client: Client, classes: Collection[UUID], *, ends_on: date, actor: Actor, at: datetime
) -> tuple[int, int]:
    """End classes (ids) and their enrolments; return how many of each ended.

    An enrolment ends on ``ends_on``, its first day out of the class, unless it ended earlier; one that begins later has
    no day. A class that has ended is left as it is. Waits for a recording that runs. Raises ClassesElsewhere,
    NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, client.id)
    lock_schools(client.id, waits=True)
    open_classes = SchoolClass.objects.filter(client_id=client.id, pk__in=classes, ended_at=None)
    ids = list(open_classes.values_list("pk", flat=True))
    enrolments = Enrolment.objects.filter(client_id=client.id, school_class_id__in=ids, ended_at=None)
    ended = end_on(enrolments, ends_on, at)
    SchoolClass.objects.filter(client_id=client.id, pk__in=ids).update(ended_at=at, changed_at=at)
    if ids:
        record_counts(client.id, actor, at, classes=len(ids), enrolments=ended)
    return len(ids), ended


@transaction.atomic
def end_enrolments_of(subject: Subject, *, actor: Actor, at: datetime) -> int:
    """End a person's enrolments today; return how many. Waits for a recording that runs.

    Raises ClassesElsewhere, NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, subject.client_id)
    lock_schools(subject.client_id, waits=True)
    rows = Enrolment.objects.filter(client_id=subject.client_id, subject=subject, ended_at=None)
    ended = end_on(rows, get_day(subject.client, at), at)
    if ended:
        record_counts(subject.client_id, actor, at, enrolments=ended)
    return ended


def end_on(rows: QuerySet[Enrolment], ends_on: date, at: datetime) -> int:
    """End enrolments on a day, or earlier if they ended earlier; return how many. A later one ends on its first day.

    Staff limited to schools see all enrolments of their people, and change those of their own classes: an UPDATE leaves
    out the others without an error. Raises ClassesElsewhere instead of ending a part of them.
    """
    day, wanted = Value(ends_on), rows.count() if is_limited() else None
    ended = rows.update(ended_at=at, ends_on=Greatest("starts_on", Least(Coalesce("ends_on", day), day)))
    if wanted is not None and ended != wanted:
        raise ClassesElsewhere
    return ended


def record_counts(client_id: UUID, actor: Actor, at: datetime, *, added: int = 0, **ended: int) -> None:
    """Record in the ledger how many rows of each part staff ended, and how many enrolments they added."""
    counts = {part: [added if part == ENROLMENTS else 0, 0, 0, number] for part, number in ended.items()}
    facts = {"origin": Origin.STAFF.value, "counts": counts}
    record_entry("schools.recorded", client_id=client_id, facts=facts, actor=actor, at=at)

"""Move pupils to other classes of the same client: enrolments end and begin on one day; nothing else is written."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.models import Subject, SubjectEventKind
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.people.services.erasure import refuse_erased
from paktaleem.directory.schools.models import Enrolment, EnrolmentRole, Origin, SchoolClass
from paktaleem.directory.schools.rows import ENROLMENTS
from paktaleem.directory.schools.selectors import get_day, list_moving_enrolments
from paktaleem.directory.schools.services.recording import lock_schools
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.acts import act
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import is_limited
from paktaleem.foundation.tenancy.rows import new_id


class ClassesElsewhere(NotAllowed):
    """Staff limited to schools would end enrolments of classes of other schools too, which they may not."""

    console_message = (
        "This concerns classes of a school outside your role, too: ask a colleague whose role is not limited to "
        "schools."
    )


def end_on(rows: QuerySet[Enrolment], ends_on: date, at: datetime) -> int:
    """End enrolments on a day, or earlier if they ended earlier; return how many. A later one ends on its first day.

    An UPDATE by staff limited to schools leaves out classes of other schools without an error. Raises ClassesElsewhere
    instead of ending a part of them.
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


FARTHEST = timedelta(days=366)
"""How far ahead a move may be."""
_NO_CLASS = _("Name a class in use.")
_NO_PEOPLE = _("Choose at least one pupil.")
_TOO_FAR = _("Choose a day at most a year ahead.")
_TOO_EARLY = _("Choose a day after %(day)s, the first day in a class that ends.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move of pupils (ids) to classes (ids), with the first day ``on`` in them; ``leaving`` None ends all classes."""

    people: Collection[UUID]
    leaving: Collection[UUID] | None
    joining: Collection[UUID]
    on: date


@transaction.atomic
def move_pupils(move: Move, *, client: Client, actor: Actor, reason: Reason | str, at: datetime) -> int:
    """End and begin the enrolments of a move; return how many pupils moved (decision 0098).

    Consents, guardians, holdings and requests stay, as does a class that they are in already. Waits for a recording
    that runs. Raises ValidationError naming the field (``people``, ``joining``, ``on``), AlreadyErased,
    ErasureInProgress, ClassesElsewhere, NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, client.pk)
    lock_schools(client.pk, waits=True)
    people = _lock_people(move, client)
    check_move(move, client=client, at=at)
    ending = list_moving_enrolments(client.pk, move.people, leaving=move.leaving, joining=move.joining, on=move.on)
    left = list(ending)
    begun = _begin(move, client, at)  # first: staff limited to schools would no longer see a pupil who has left them
    ended = end_on(Enrolment.objects.filter(client_id=client.pk, pk__in=[one.pk for one in left]), move.on, at)
    classes_left, classes_joined = _list_classes_by_person(left), _list_classes_by_person(begun)
    why = {"on": move.on.isoformat(), "reason": str(Reason(reason))}
    for person in people:
        facts = {"left": classes_left[person.pk], "joined": classes_joined[person.pk], **why}
        record_entry("subject.moved", client_id=client.pk, subject_id=person.pk, facts=facts, actor=actor, at=at)
    record_counts(client.pk, actor, at, added=len(begun), enrolments=ended)
    return len(people)


def check_move(move: Move, *, client: Client, at: datetime) -> None:
    """Raise ValidationError naming the field if a move is not possible: no pupil, no class in use, or the day."""
    if not move.people:
        raise ValidationError({"people": [_NO_PEOPLE]})
    in_use = SchoolClass.objects.filter(client_id=client.pk, pk__in=move.joining, ended_at=None)
    if not move.joining or in_use.count() != len(set(move.joining)):
        raise ValidationError({"joining": [_NO_CLASS]})
    today = get_day(client, at)
    if move.on > today + FARTHEST:
        raise ValidationError({"on": [_TOO_FAR]})
    ending = list_moving_enrolments(client.pk, move.people, leaving=move.leaving, joining=move.joining, on=move.on)
    begun = ending.filter(starts_on__gte=move.on, starts_on__lte=today).order_by("-starts_on").first()
    if begun is not None:
        raise ValidationError({"on": [ValidationError(_TOO_EARLY, params={"day": begun.starts_on.isoformat()})]})


def _lock_people(move: Move, client: Client) -> Sequence[Subject]:
    """Lock the people in the order of their keys, as an erasure does. Raises AlreadyErased, ErasureInProgress."""
    found = list(Subject.objects.select_for_update().filter(client_id=client.pk, pk__in=move.people).order_by("pk"))
    if len(found) != len(set(move.people)):
        raise ValidationError({"people": [_NO_PEOPLE]})
    refuse_erased(*found)
    return found


def _list_classes_by_person(enrolments: Iterable[Enrolment]) -> Mapping[UUID, list[str]]:
    found = defaultdict(list)
    for one in sorted(enrolments, key=lambda one: str(one.school_class_id)):
        found[one.subject_id].append(str(one.school_class_id))
    return found


def _begin(move: Move, client: Client, at: datetime) -> list[Enrolment]:
    there = list_moving_enrolments(client.pk, move.people, leaving=move.joining, joining=(), on=move.on)
    already = set(there.values_list("subject_id", "school_class_id"))
    rows = [
        Enrolment(
            id=new_id(),
            client_id=client.pk,
            school_class_id=school_class,
            subject_id=person,
            role=EnrolmentRole.STUDENT,
            origin=Origin.STAFF,
            stated_on=move.on,
            starts_on=move.on,
            recorded_at=at,
        )
        for person in sorted(set(move.people))
        for school_class in sorted(set(move.joining))
        if (person, school_class) not in already
    ]
    return Enrolment.objects.bulk_create(rows)


@act(
    "moves-away",
    "Moves to another institution",
    Capability.REGISTER_SUBJECTS,
    lead="For a pupil who leaves for a school outside this client. The account here closes, the classes end, and "
    "the periods after which the data is deleted begin. PakTaleem copies nothing to the other institution, also "
    "if it uses PakTaleem: only the person, a guardian or the controller can have a copy made (data portability). "
    "Within this client, enrol the pupil in the new class instead: consents and history stay.",
    done="The account is closed. If the person or a guardian wants the data to be taken along, record a request "
    "for data portability next.",
    danger=True,
)
def leave_client(subject: Subject, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    """Close the account of a pupil who leaves for another institution, and end their enrolments; nothing is sent.

    Periods of retention that count from the closing begin. Raises ClassesElsewhere, AlreadyErased, ErasureInProgress,
    NotAllowed.
    """
    lock_schools(subject.client_id, waits=True)
    rows = Enrolment.objects.filter(client_id=subject.client_id, subject=subject, ended_at=None)
    if ended := end_on(rows, get_day(subject.client, at), at):
        record_counts(subject.client_id, actor, at, enrolments=ended)
    kind = SubjectEventKind.ACCOUNT_CLOSED.value
    record_subject_event(subject, kind=kind, happened_at=at, actor=actor, reason=Reason(reason), at=at)


def delete_enrolments(subject: Subject, actor: Actor, at: datetime) -> None:
    """Delete a person's enrolments (GDPR Art. 17): a class and a period can identify a person of a small class."""
    del actor, at  # the erasure itself is recorded
    Enrolment.objects.filter(client_id=subject.client_id, subject=subject).delete()

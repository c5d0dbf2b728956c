"""The end of a school year of one school: its classes move up, and pupils whose class leaves are marked as leaving."""

# One transaction, so that there is no state between; what was shown is computed again under the lock of the schools.
# A person who may still be a pupil keeps the account. Classes stay in use, because pupils cannot be moved back to an
# ended class.

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from consent.consents.models import Consent, ConsentState
from consent.consents.services.revocation import expire_consent
from paktaleem.directory.people.models import Subject, SubjectEventKind
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.schools.models import Enrolment, EnrolmentRole, Origin, School, SchoolClass
from paktaleem.directory.schools.selectors import is_only_pupil
from paktaleem.directory.schools.services.recording import FARTHEST, end_on, lock_schools, record_counts
from paktaleem.foundation.accounts.actors import Actor, Authorship
from paktaleem.foundation.accounts.acts import Refused, act, as_given, refuse_if
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.rows import new_id

MOST_LEAVERS = 500
"""How many pupils may leave in one act: each has an event, a history row and an entry of their own."""
_WHY = Reason.CLIENT_INSTRUCTION
_CHANGED = _("Something has changed in the meantime: look at the numbers again.")
_NONE_CHOSEN = _("Choose what becomes of at least one class.")
_NO_CLASS = _("Choose classes in use of this school, and for each another one.")
_NO_DAY = _("Choose today or an earlier day, at most a year ago.")
_TOO_MANY = _("At most %(most)s pupils leave at once. Let some of the classes leave first, then the others.")


@dataclass(frozen=True, slots=True, kw_only=True)
class YearEndChoices:
    """The choices for classes (ids) of a school; ``on`` is the first day after the year.

    The pupils of a class in ``moving`` join the class it maps to; those of a class in ``leaving`` leave the client.
    With ``ends_consents`` the consents of those who leave end too.
    """

    moving: Mapping[UUID, UUID]
    leaving: Collection[UUID]
    on: date
    ends_consents: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class YearEnd:
    """The changes of the end of a year: the enrolments that end and begin, who leaves, and the consents that end.

    ``staying`` are ids of pupils of a class that leaves who do not: they are in another class or have another role.
    """

    ending: Sequence[Enrolment]
    beginning: Sequence[Enrolment]
    leavers: Sequence[Subject]
    staying: Collection[UUID]
    consents: Sequence[Consent]

    @property
    def fingerprint(self) -> str:
        """A digest of what changes: a confirmation of something else does not count."""
        keys = (
            sorted(str(one.pk) for one in self.ending),
            sorted(f"{one.subject_id} {one.school_class_id} {one.starts_on}" for one in self.beginning),
            sorted(str(one.pk) for one in self.leavers),
            sorted(str(one.pk) for one in self.consents),
        )
        return sha256(json.dumps(keys).encode()).hexdigest()


def preview_year_end(school: School, choices: YearEndChoices, *, at: datetime) -> YearEnd:
    """Return what the end of a year would change, in the client's context; few queries, however many pupils.

    Pupils who are being erased are left out. Raises ValidationError, naming the field if it is the day.
    """
    _check(school, choices, at)
    classes = {*choices.moving, *choices.leaving}
    students = Enrolment.objects.filter(
        client_id=school.client_id, role=EnrolmentRole.STUDENT, ended_at=None, subject__erasure_started_at=None
    )
    over = Q(ends_on=None) | Q(ends_on__gte=choices.on)
    ending = list(students.filter(over, school_class_id__in=classes, starts_on__lt=choices.on).order_by("pk"))
    beginning = _list_beginning(ending, students, school, choices, at)
    people = {one.subject_id for one in ending if one.school_class_id in choices.leaving}
    others = students.filter(
        Q(ends_on=None) | Q(ends_on__gt=choices.on), subject_id__in=people, school_class__ended_at=None
    ).exclude(pk__in=[one.pk for one in ending])
    go_on = {*others.values_list("subject_id", flat=True), *(one.subject_id for one in beginning)}
    found = Subject.objects.filter(client_id=school.client_id, pk__in=people - go_on).order_by("pk")
    leavers = [one for one in found.select_related("client") if is_only_pupil(one)]
    return YearEnd(
        ending=ending,
        beginning=beginning,
        leavers=[one for one in leavers if one.is_account_open],
        staying=people - {one.pk for one in leavers},
        consents=list(_select_consents(leavers, at)) if choices.ends_consents else [],
    )


def _check(school: School, choices: YearEndChoices, at: datetime) -> None:
    today = school.client.day_at(at)
    if not today - FARTHEST <= choices.on <= today:
        raise ValidationError({"on": [_NO_DAY]})
    if not choices.moving and not choices.leaving:
        raise ValidationError(_NONE_CHOSEN)
    named = {*choices.moving, *choices.moving.values(), *choices.leaving}
    in_use = SchoolClass.objects.filter(client_id=school.client_id, school=school, ended_at=None, pk__in=named)
    is_same = any(key == target for key, target in choices.moving.items())
    if is_same or not choices.moving.keys().isdisjoint(choices.leaving) or in_use.count() != len(named):
        raise ValidationError(_NO_CLASS)


def _list_beginning(
    ending: Sequence[Enrolment], students: QuerySet[Enrolment], school: School, choices: YearEndChoices, at: datetime
) -> list[Enrolment]:
    """Return the new enrolments, not saved yet; who is in the new class already stays in it."""
    moving = [one for one in ending if one.school_class_id in choices.moving]
    wanted = {(one.subject_id, choices.moving[one.school_class_id]) for one in moving}
    kept = students.filter(Q(ends_on=None) | Q(ends_on__gt=choices.on), school_class_id__in=choices.moving.values())
    kept = kept.exclude(pk__in=[one.pk for one in ending])
    already = set(kept.values_list("subject_id", "school_class_id"))
    return [
        Enrolment(
            id=new_id(),
            client_id=school.client_id,
            school_class_id=target,
            subject_id=person,
            role=EnrolmentRole.STUDENT,
            origin=Origin.STAFF,
            stated_on=choices.on,
            starts_on=choices.on,
            recorded_at=at,
        )
        for person, target in sorted(wanted - already)
    ]


def _select_consents(people: Sequence[Subject], at: datetime) -> QuerySet[Consent]:
    rows: QuerySet[Consent] = Consent.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=at),
        client_id__in={one.client_id for one in people},
        subject_id__in=[one.pk for one in people],
        state=ConsentState.GIVEN,
    )
    return rows.select_related("subject", "purpose").order_by("subject_id", "pk")


@act(
    "end-year",
    "End the school year",
    Capability.ADMINISTER_CLIENT,
    lead="If you import rosters, import that of the new year instead: it says who is in which class and who "
    "has left. Here you say it by hand. First you see the numbers; nothing changes before you send the form "
    "again.",
    done="The classes have moved up. Those who leave have no open account any more.",
    check=refuse_if(lambda row: row.ended_at is not None, _("This school is no longer in use.")),
    lock=as_given,
)
def end_school_year(school: School, choices: YearEndChoices, *, shown: str, actor: Actor, at: datetime) -> YearEnd:
    """Move the classes of a school up and let pupils leave, all in one transaction; return what was changed.

    Enrolments end and begin on ``choices.on``; classes stay in use, so that pupils can be moved back. The accounts of
    those who leave close, which begins periods of retention. ``shown`` is the fingerprint of the preview. Waits for a
    recording that runs. Raises Refused, ValidationError, NotAllowed.
    """
    lock_schools(school.client_id, waits=True)
    work = preview_year_end(school, choices, at=at)
    if work.fingerprint != shown:
        raise Refused(_CHANGED)
    if len(work.leavers) > MOST_LEAVERS:
        raise ValidationError(_TOO_MANY, params={"most": MOST_LEAVERS})
    keys = {one.subject_id for one in work.ending}  # locked in their order, as an erasure does
    rows = Subject.objects.select_for_update().filter(client_id=school.client_id, pk__in=keys).order_by("pk")
    if any(row.erasure_started_at is not None for row in rows):
        raise Refused(_CHANGED)
    by: Authorship = {"actor": actor, "at": at}
    end_on(Enrolment.objects.filter(client_id=school.client_id, pk__in=[one.pk for one in work.ending]), choices.on, at)
    Enrolment.objects.bulk_create(work.beginning, batch_size=2_000)
    for consent in work.consents:
        expire_consent(consent, reason=_WHY, **by)
    for person in work.leavers:
        record_subject_event(person, kind=SubjectEventKind.ACCOUNT_CLOSED.value, happened_at=at, reason=_WHY, **by)
    record_counts(school.client_id, actor, at, added=len(work.beginning), enrolments=len(work.ending))
    facts = {
        "school": str(school.pk),
        "on": choices.on.isoformat(),
        "moved": {str(key): str(target) for key, target in sorted(choices.moving.items())},
        "left": sorted(map(str, choices.leaving)),
        "let_go": len(work.leavers),
        "consents": len(work.consents),
    }
    record_entry("year_end.done", client_id=school.client_id, facts=facts, **by)
    return work

"""Carry out the end of a year, chunk by chunk: classes first, then people; each chunk is one transaction."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists

from consent.consents.models.consents import Consent
from consent.consents.services.renewals import request_consent
from consent.consents.services.revocation import NothingInForce, expire_consent
from paktaleem.directory.people.models import Subject, SubjectEventKind
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress
from paktaleem.directory.people.services.events import record_subject_event
from paktaleem.directory.schools.selectors import get_day
from paktaleem.directory.schools.services.ending import end_classes
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.school_years.models import LeaversBy, Stage, YearEnd, YearEndClass, YearEndPerson
from paktaleem.school_years.selectors import list_consents_of_year, select_class_after
from paktaleem.school_years.services.steps import delete_lists, lock_year_end, record_year_end

CLASSES_AT_ONCE, PEOPLE_AT_ONCE = 500, 100
_WHY = Reason.CLIENT_INSTRUCTION


@dataclass(frozen=True, slots=True)
class _Act:
    """The end of a year, and who carries it out when."""

    row: YearEnd
    actor: Actor
    at: datetime


@transaction.atomic
def close_classes(row: YearEnd, *, actor: Actor, at: datetime, size: int = CLASSES_AT_ONCE) -> bool:
    """Close the next classes of the year with their enrolments; return True if more are left. Raises NotAllowed."""
    require(actor, Capability.CLOSE_SCHOOL_YEARS, row.client_id)
    row = lock_year_end(row.pk, client_id=row.client_id)
    if row.stage != Stage.RUNNING:
        return False
    rows = YearEndClass.objects.filter(client_id=row.client_id, year_end=row, closed_at=None)
    chunk = dict(rows.order_by("pk").values_list("pk", "school_class_id")[:size])
    if not chunk:
        return False
    classes, enrolments = end_classes(row.client, chunk.values(), ends_on=row.ends_on, actor=actor, at=at)
    YearEndClass.objects.filter(client_id=row.client_id, pk__in=chunk).update(closed_at=at)
    _add(row, Counter(classes=classes, enrolments=enrolments))
    row.save(update_fields=["result"])
    return True


@transaction.atomic
def finish_people(row: YearEnd, *, actor: Actor, at: datetime, size: int = PEOPLE_AT_ONCE) -> bool:
    """Close the accounts of the next leavers and renew or let go of consents; return True if more people are left.

    A leaver who has a class by now stays, unless they were named; so does one who is being erased. Once all people are
    done, the act has ended: its lists are deleted, the numbers stay. Raises NotAllowed.
    """
    require(actor, Capability.CLOSE_SCHOOL_YEARS, row.client_id)
    row = lock_year_end(row.pk, client_id=row.client_id)
    if row.stage != Stage.RUNNING:
        return False
    rows = YearEndPerson.objects.filter(client_id=row.client_id, year_end=row).select_related("subject")
    rows = rows if row.cursor is None else rows.filter(subject_id__gt=row.cursor)
    people = list(rows.order_by("subject_id")[:size])
    if not people:
        _finish(row, actor, at)
        return False
    _add(row, _finish_chunk(_Act(row, actor, at), people))
    row.cursor = people[-1].subject_id
    row.save(update_fields=["cursor", "result"])
    return True


def _finish(row: YearEnd, actor: Actor, at: datetime) -> None:
    erased_since = row.plan["people"] - row.result.get("people", 0)  # their rows were deleted with them
    _add(row, Counter(erased=erased_since))
    row.stage, row.ended_at = Stage.DONE, at
    row.save(update_fields=["stage", "ended_at", "result"])
    delete_lists(row)
    record_year_end("year_end.done", row, actor, at, result=row.result)


def _add(row: YearEnd, counts: Counter[str]) -> None:
    row.result = dict(Counter(row.result) + counts)


def _finish_chunk(act: _Act, people: Sequence[YearEndPerson]) -> Counter[str]:
    row, keys = act.row, [one.subject_id for one in people]
    consents: defaultdict[UUID, list[Consent]] = defaultdict(list)
    for one in list_consents_of_year(row, keys, [*row.renewed, *row.let_go], at=act.at):
        consents[one.subject_id].append(one)
    staying = _list_staying(act, people)
    done: Counter[str] = Counter(people=len(people))
    for person in people:
        leaves = person.is_leaver and person.subject_id not in staying
        done["stayed"] += person.is_leaver and not leaves
        try:
            with transaction.atomic():
                done += _finish_person(act, person.subject, consents[person.subject_id], leaves=leaves)
        except (AlreadyErased, ErasureInProgress):
            done["erased"] += 1
    return done


def _list_staying(act: _Act, people: Sequence[YearEndPerson]) -> set[UUID]:
    """Return those of a chunk who have a class by now; no one if the leavers were named."""
    if act.row.leavers_by == LeaversBy.PEOPLE:
        return set()
    rows = YearEndPerson.objects.filter(client_id=act.row.client_id, pk__in=[one.pk for one in people])
    after = select_class_after(act.row, on=get_day(act.row.client, act.at))
    return set(rows.filter(Exists(after)).values_list("subject_id", flat=True))


def _finish_person(act: _Act, subject: Subject, consents: Sequence[Consent], *, leaves: bool) -> Counter[str]:
    by: dict[str, Any] = {"actor": act.actor, "at": act.at}
    done: Counter[str] = Counter()
    if leaves and subject.is_account_open:
        kind = SubjectEventKind.ACCOUNT_CLOSED.value
        record_subject_event(subject, kind=kind, happened_at=act.at, reason=_WHY, **by)
        done["leavers"] += 1
    for one in consents:
        if one.purpose.code in act.row.let_go:
            done["let_go"] += _let_go(one, **by)
        elif not leaves:
            done["renewed"] += request_consent(one, **by)
    return done


def _let_go(consent: Consent, **by: Any) -> bool:
    try:
        expire_consent(consent, reason=_WHY, **by)
    except NothingInForce:  # withdrawn since the consents were listed
        return False
    return True

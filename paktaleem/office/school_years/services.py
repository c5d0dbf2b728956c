"""Services of ends of school years."""

# The lists are fixed when they are counted, so that what was confirmed is carried out. Nothing moves to another
# client: no service reads two clients, and a hint would reveal where a child goes to school.

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Exists, QuerySet
from django.utils.translation import gettext_noop

from consent.consents.models import Consent
from consent.consents.services.revocation import NothingInForce, expire_consent, request_consent
from paktaleem.directory.people.models import Subject, SubjectEventKind
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress
from paktaleem.directory.schools.models import Enrolment, School, Term
from paktaleem.directory.schools.selections import EVERYONE, Selection, select_chosen_by
from paktaleem.directory.schools.selectors import find_unknown_grades, find_unknown_places, get_day
from paktaleem.directory.schools.services.moving import end_classes, end_enrolments_of
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.operations.jobs.enqueue import enqueue_job
from paktaleem.foundation.tenancy.context import advisory_lock, allow_long_statements
from paktaleem.foundation.tenancy.rows import UUID7_SQL, clock_bytes, new_id
from paktaleem.office.school_years.models import LeaversBy, Stage, YearEnd, YearEndClass, YearEndPerson
from paktaleem.office.school_years.selectors import (
    PUPILS,
    count_due_by_kind,
    is_only_pupil,
    list_consents_of_year,
    list_purposes_of_consent,
    select_class_after,
    select_classes_of_year,
    select_last_enrolments,
)

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


_NOT_OVER = gettext_noop("Choose a term or school year that has ended.")
_SCHOOL_UNKNOWN = gettext_noop("No school of this client has this id.")
_NO_IDS = gettext_noop("Enter the LMS ids, one per line.")
_NONE_CHOSEN = gettext_noop("Fill in at least one of the fields by which the pupils are chosen.")
_NOT_BY_IDS = gettext_noop("Leave the LMS ids empty, or choose the pupils with the LMS ids.")
_NOT_CHOSEN = gettext_noop("Leave the fields that choose pupils empty, or choose who leaves by them.")
_UNKNOWN = gettext_noop("Not found at this client: %(ids)s.")
_NO_PUPILS = gettext_noop("Only people who are nothing but students or learners can leave, not: %(ids)s.")
_RENEW_OR_LET_GO = gettext_noop("Choose each purpose once: ask again, or let go.")
_NOT_OFFERED = gettext_noop(
    "Choose purposes that are based on consent. Only a consent that expires is asked for again."
)
_SHOWN = 10


class YearEndAlreadyOpen(PortalError):
    """The client has an end of a year that is neither done nor cancelled."""

    console_message = "Another end of a year is open: confirm, cancel or finish it first."


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The choices of a member of staff: a school (LMS id, empty for all), who leaves, and purposes (codes).

    ``chosen`` narrows the leavers with ``LeaversBy.CHOSEN``, by everything but ids; with ``LeaversBy.PEOPLE`` its ids
    name them, and its other conditions must be met too. Consents to ``renewed`` purposes are asked for again, consents
    to ``let_go`` purposes end.
    """

    school: str = ""
    leavers_by: LeaversBy = LeaversBy.WITHOUT_CLASS
    chosen: Selection = EVERYONE
    renewed: Sequence[str] = ()
    let_go: Sequence[str] = ()


@transaction.atomic
def prepare_year_end(term: Term, choices: Choices, *, actor: Actor, at: datetime) -> YearEnd:
    """Prepare the end of a term or school year; the worker counts, and nothing else changes before it is confirmed.

    Raises ValidationError naming the field (``term``, ``school``, ``renewed``, or one of those that choose pupils),
    YearEndAlreadyOpen, NotAllowed.
    """
    require(actor, Capability.CLOSE_SCHOOL_YEARS, term.client_id)
    client = Client.objects.get(pk=term.client_id)
    advisory_lock(f"year-end/{client.pk}")
    if term.ends_on is None or term.ends_on > get_day(client, at):
        raise ValidationError({"term": [_NOT_OVER]})
    _check_purposes(client, choices, at)
    _check_chosen(client, choices)
    if YearEnd.objects.open().filter(client_id=client.pk).exists():
        raise YearEndAlreadyOpen
    row = YearEnd(
        id=new_id(),
        client=client,
        term=term,
        school=_find_school(client, choices.school),
        ends_on=term.ends_on,
        leavers_by=choices.leavers_by,
        chosen=_to_conditions(choices.chosen),
        renewed=sorted(set(choices.renewed)),
        let_go=sorted(set(choices.let_go)),
        prepared_by=actor.id,
        prepared_at=at,
    )
    row.save(force_insert=True)
    leavers = _find_people(row, choices)
    YearEndPerson.objects.bulk_create(
        YearEndPerson(client=client, year_end=row, subject=one, is_leaver=True) for one in leavers
    )
    record_year_end("year_end.prepared", row, actor, at)
    enqueue_year_end(row)
    return row


@transaction.atomic
def confirm_year_end(row: YearEnd, *, actor: Actor, at: datetime) -> YearEnd:
    """Confirm the end of a year whose numbers were shown; the worker carries it out.

    Raises YearEndMovedOn, NotAllowed.
    """
    require(actor, Capability.CLOSE_SCHOOL_YEARS, row.client_id)
    row = lock_year_end(row.pk, client_id=row.client_id)
    require_stage(row, Stage.READY)
    row.stage, row.confirmed_by, row.confirmed_at = Stage.RUNNING, actor.id, at
    row.save(update_fields=["stage", "confirmed_by", "confirmed_at"])
    record_year_end("year_end.confirmed", row, actor, at, plan=_numbers(row.plan))
    enqueue_year_end(row)
    return row


@transaction.atomic
def cancel_year_end(row: YearEnd, *, actor: Actor, at: datetime) -> YearEnd:
    """Cancel the end of a year that was not confirmed; nothing was changed. Raises YearEndMovedOn, NotAllowed."""
    require(actor, Capability.CLOSE_SCHOOL_YEARS, row.client_id)
    row = lock_year_end(row.pk, client_id=row.client_id)
    require_stage(row, Stage.COUNTING, Stage.READY)
    row.stage, row.ended_at = Stage.CANCELLED, at
    row.save(update_fields=["stage", "ended_at"])
    delete_lists(row)
    record_year_end("year_end.cancelled", row, actor, at)
    return row


def _numbers(plan: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in plan.items() if isinstance(value, int)}


def _check_purposes(client: Client, choices: Choices, at: datetime) -> None:
    if set(choices.renewed) & set(choices.let_go):
        raise ValidationError({"renewed": [_RENEW_OR_LET_GO]})
    for field, codes in (("renewed", choices.renewed), ("let_go", choices.let_go)):
        offered = {one.code for one in list_purposes_of_consent(client, at, with_period=field == "renewed")}
        if not set(codes) <= offered:
            raise ValidationError({field: [_NOT_OFFERED]})


def _find_school(client: Client, external_id: str) -> School | None:
    if not external_id:
        return None
    found = School.objects.filter(client_id=client.pk, external_id=external_id).first()
    if found is None:
        raise ValidationError({"school": [_SCHOOL_UNKNOWN]})
    return found


def _check_chosen(client: Client, choices: Choices) -> None:
    """Raise ValidationError if the fields that choose pupils do not fit the choice of who leaves, or name no one."""
    chosen = choices.chosen
    if choices.leavers_by == LeaversBy.PEOPLE and not chosen.ids:
        raise ValidationError({"ids": [_NO_IDS]})
    if choices.leavers_by == LeaversBy.CHOSEN and chosen.ids:
        raise ValidationError({"ids": [_NOT_BY_IDS]})
    if choices.leavers_by == LeaversBy.CHOSEN and chosen == EVERYONE:
        raise ValidationError({"leavers_by": [_NONE_CHOSEN]})
    if choices.leavers_by not in {LeaversBy.CHOSEN, LeaversBy.PEOPLE} and chosen != EVERYONE:
        raise ValidationError({"leavers_by": [_NOT_CHOSEN]})
    _require_none("place", find_unknown_places(client.pk, chosen.places, in_use=False))
    _require_none("grade", find_unknown_grades(client.pk, chosen.grades, in_use=False))


def _to_conditions(chosen: Selection) -> dict[str, object]:
    """Return the conditions that are filled, without ids: the people whom they name are listed."""
    return {name: value for name, value in asdict(chosen).items() if value and name != "ids"}


def _find_people(row: YearEnd, choices: Choices) -> list[Subject]:
    """Return the pupils whom the ids name, if all of them are found, meet the other conditions, and are only pupils."""
    if choices.leavers_by != LeaversBy.PEOPLE:
        return []
    everyone = Subject.objects.filter(client_id=row.client_id, erasure_started_at=None)
    people = select_chosen_by(select_last_enrolments(row), everyone, choices.chosen, client=row.client)
    found = {str(one.external_id): one for one in people.order_by("external_id")}
    _require_none("ids", sorted({*choices.chosen.ids} - {*found}))
    others = [key for key, one in found.items() if not is_only_pupil(one)]
    if others:
        raise ValidationError({"ids": [ValidationError(_NO_PUPILS, params={"ids": _join(others)})]})
    return list(found.values())


def _require_none(field: str, unknown: Sequence[str]) -> None:
    if unknown:
        raise ValidationError({field: [ValidationError(_UNKNOWN, params={"ids": _join(unknown)})]})


def _join(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_SHOWN]) + (" …" if len(ids) > _SHOWN else "")


_ADD_PEOPLE = """
INSERT INTO school_years_yearendperson (id, client_id, year_end_id, subject_id, is_leaver)
SELECT [new_id], %(client)s, %(year_end)s, s.id, false
FROM subjects_subject s
WHERE s.client_id = %(client)s AND (s.role = ANY(%(roles)s) OR s.other_roles && %(roles)s::varchar[])
    AND s.erasure_started_at IS NULL AND s.id IN (
    SELECT e.subject_id FROM school_years_yearendclass c
    JOIN schools_enrolment e ON e.client_id = %(client)s AND e.school_class_id = c.school_class_id
    WHERE e.role = 'student' AND c.client_id = %(client)s AND c.year_end_id = %(year_end)s)
ON CONFLICT (client_id, year_end_id, subject_id) DO NOTHING
""".replace("[new_id]", UUID7_SQL)

_AS_IF_CLOSED = """
UPDATE subjects_subject s SET account_closed_at = %(at)s
FROM school_years_yearendperson p
WHERE p.client_id = %(client)s AND p.year_end_id = %(year_end)s AND p.is_leaver
    AND s.client_id = %(client)s AND s.id = p.subject_id AND s.account_closed_at IS NULL
"""
"""Rolled back in the same function: it leaves no history."""


@transaction.atomic
def count_year_end(row: YearEnd, *, actor: Actor, at: datetime) -> bool:
    """List the classes and pupils of the year and count what would be done; return False: it is one step.

    Does nothing if it was counted or cancelled. The dates of deletion are those of the retention
    rules if the leavers' accounts were closed at ``at``: they are closed in a savepoint that is rolled back. Raises
    NotAllowed.
    """
    require(actor, Capability.CLOSE_SCHOOL_YEARS, row.client_id)
    row = lock_year_end(row.pk, client_id=row.client_id)
    if row.stage != Stage.COUNTING:
        return False
    with connection.cursor() as cursor:
        allow_long_statements(cursor)
        _list_classes(row)
        values: dict[str, Any] = {
            "client": row.client_id,
            "year_end": row.pk,
            "roles": list(PUPILS),
            "clock": clock_bytes(at),
        }
        cursor.execute(_ADD_PEOPLE, values)
    _mark_leavers(row, at)
    row.plan, row.stage = _count(row, at), Stage.READY
    row.save(update_fields=["plan", "stage"])
    return False


def _list_classes(row: YearEnd) -> None:
    found = select_classes_of_year(row).order_by("pk").values_list("pk", "ended_at")
    rows = [
        YearEndClass(id=new_id(), client_id=row.client_id, year_end=row, school_class_id=pk, closed_at=ended_at)
        for pk, ended_at in found
    ]
    YearEndClass.objects.bulk_create(rows, batch_size=2_000)


def _mark_leavers(row: YearEnd, at: datetime) -> None:
    """Mark the pupils who leave, by the choice.

    Those whose account is closed do not leave again; those who have another role, such as a teacher, do not leave.
    """
    people = _people(row)
    if row.leavers_by == LeaversBy.PEOPLE:
        return
    after = select_class_after(row, on=get_day(row.client, at))
    without_class = people.filter(
        ~Exists(after),
        subject__role__in=PUPILS,
        subject__other_roles__contained_by=list(PUPILS),
        subject__account_closed_at=None,
        subject__is_enabled=True,
    )
    if row.leavers_by == LeaversBy.WITHOUT_CLASS:
        without_class.update(is_leaver=True)
    elif row.leavers_by == LeaversBy.CHOSEN:
        everyone = Subject.objects.filter(client_id=row.client_id)
        by = Selection.from_values(row.chosen)
        chosen = select_chosen_by(select_last_enrolments(row), everyone, by, client=row.client)
        without_class.filter(subject_id__in=chosen.order_by().values("pk")).update(is_leaver=True)


def _people(row: YearEnd) -> QuerySet[YearEndPerson]:
    return YearEndPerson.objects.filter(client_id=row.client_id, year_end=row)


def _count(row: YearEnd, at: datetime) -> dict[str, Any]:
    classes = YearEndClass.objects.filter(client_id=row.client_id, year_end=row, closed_at=None)
    in_open = Enrolment.objects.filter(
        client_id=row.client_id, school_class_id__in=classes.values("school_class_id"), ended_at=None
    )
    leavers = _people(row).filter(is_leaver=True).values("subject_id")
    return {
        "classes": classes.count(),
        "enrolments": in_open.count(),
        "people": _people(row).count(),
        "leavers": leavers.count(),
        "renewed": list_consents_of_year(row, None, row.renewed, at=at).exclude(subject_id__in=leavers).count(),
        "let_go": list_consents_of_year(row, None, row.let_go, at=at).count(),
        "deletions": _forecast(row, at),
    }


def _forecast(row: YearEnd, at: datetime) -> list[dict[str, Any]]:
    """Return what would be deleted when, with the leavers' accounts closed and rolled back."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_AS_IF_CLOSED, {"client": row.client_id, "year_end": row.pk, "at": at})
        found = count_due_by_kind(row, at)
        transaction.set_rollback(True)
    return [
        {
            "of_leavers": one.of_leavers,
            "category": one.category,
            "due": one.due,
            "first": one.first.isoformat() if one.first else None,
            "last": one.last.isoformat() if one.last else None,
            "open": one.open,
        }
        for one in found
    ]


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


@transaction.atomic
def leave_client(subject: Subject, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    """Close the account of a pupil who leaves for another client, and end their enrolments.

    Periods of retention that count from the closing begin. Nothing is sent to or read from the other client: what goes
    along is a copy that the person, a guardian or the controller requests (portability). Raises ClassesElsewhere,
    AlreadyErased, ErasureInProgress, NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, subject.client_id)
    end_enrolments_of(subject, actor=actor, at=at)
    kind = SubjectEventKind.ACCOUNT_CLOSED.value
    record_subject_event(subject, kind=kind, happened_at=at, actor=actor, reason=Reason(reason), at=at)

"""Prepare, confirm or cancel the end of a year: what is chosen, and by whom."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_noop

from paktaleem.directory.people.grades import parse_grade
from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.models import School, SchoolClass, Term
from paktaleem.directory.schools.selectors import get_day, is_grade
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.locks import advisory_lock
from paktaleem.school_years.models import LeaversBy, Stage, YearEnd, YearEndPerson
from paktaleem.school_years.selectors import is_only_pupil, list_purposes_of_consent
from paktaleem.school_years.services.steps import (
    delete_lists,
    enqueue_year_end,
    lock_year_end,
    record_year_end,
    require_stage,
)

__all__ = ["Choices", "YearEndAlreadyOpen", "cancel_year_end", "confirm_year_end", "prepare_year_end"]

_NOT_OVER = gettext_noop("Choose a term or school year that has ended.")
_SCHOOL_UNKNOWN = gettext_noop("No school of this client has this id.")
_NONE_NAMED = gettext_noop("Enter the ids or grades, one per line.")
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

    ``named`` are LMS ids: of classes with ``LeaversBy.CLASSES``, of pupils with ``LeaversBy.PEOPLE``; with
    ``LeaversBy.GRADES`` they are grades, in any usual writing. Consents to ``renewed`` purposes are asked for again,
    consents to ``let_go`` purposes end.
    """

    school: str = ""
    leavers_by: LeaversBy = LeaversBy.WITHOUT_CLASS
    named: Sequence[str] = ()
    renewed: Sequence[str] = ()
    let_go: Sequence[str] = ()


@transaction.atomic
def prepare_year_end(term: Term, choices: Choices, *, actor: Actor, at: datetime) -> YearEnd:
    """Prepare the end of a term or school year; the worker counts, and nothing else changes before it is confirmed.

    Raises ValidationError naming the field (``term``, ``school``, ``named``, ``renewed``), YearEndAlreadyOpen,
    NotAllowed.
    """
    require(actor, Capability.CLOSE_SCHOOL_YEARS, term.client_id)
    client = Client.objects.get(pk=term.client_id)
    advisory_lock(f"year-end/{client.pk}")
    if term.ends_on is None or term.ends_on > get_day(client, at):
        raise ValidationError({"term": [_NOT_OVER]})
    _check_purposes(client, choices, at)
    if YearEnd.objects.open().filter(client_id=client.pk).exists():
        raise YearEndAlreadyOpen
    row = YearEnd(
        id=new_id(),
        client=client,
        term=term,
        school=_find_school(client, choices.school),
        ends_on=term.ends_on,
        leavers_by=choices.leavers_by,
        leaving_classes=_find_classes(client, choices),
        leaving_grades=_find_grades(client, choices),
        renewed=sorted(set(choices.renewed)),
        let_go=sorted(set(choices.let_go)),
        prepared_by=actor.id,
        prepared_at=at,
    )
    row.save(force_insert=True)
    leavers = _find_people(client, choices)
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


def _find_classes(client: Client, choices: Choices) -> list[UUID]:
    if choices.leavers_by != LeaversBy.CLASSES:
        return []
    named = _require_named(choices)
    rows = SchoolClass.objects.filter(client_id=client.pk, external_id__in=named)
    found = dict(rows.order_by("external_id").values_list("external_id", "pk"))
    _require_all(named, found)
    return list(found.values())


def _find_grades(client: Client, choices: Choices) -> list[str]:
    if choices.leavers_by != LeaversBy.GRADES:
        return []
    found: dict[str, str] = {}
    for text in _require_named(choices):
        try:
            grade = parse_grade(text)
        except ValueError:
            continue
        if grade and is_grade(client.pk, grade):
            found[text] = grade
    _require_all(set(choices.named), found)
    return sorted(set(found.values()))


def _find_people(client: Client, choices: Choices) -> list[Subject]:
    if choices.leavers_by != LeaversBy.PEOPLE:
        return []
    named = _require_named(choices)
    rows = Subject.objects.filter(client_id=client.pk, external_id__in=named, erasure_started_at=None)
    found = {str(one.external_id): one for one in rows.order_by("external_id")}
    _require_all(named, found)
    others = [key for key, one in found.items() if not is_only_pupil(one)]
    if others:
        raise ValidationError({"named": [ValidationError(_NO_PUPILS, params={"ids": _join(others)})]})
    return list(found.values())


def _require_named(choices: Choices) -> Collection[str]:
    if not choices.named:
        raise ValidationError({"named": [_NONE_NAMED]})
    return set(choices.named)


def _require_all(named: Collection[str], found: Collection[str]) -> None:
    unknown = sorted(set(named) - set(found))
    if unknown:
        raise ValidationError({"named": [ValidationError(_UNKNOWN, params={"ids": _join(unknown)})]})


def _join(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_SHOWN]) + (" …" if len(ids) > _SHOWN else "")

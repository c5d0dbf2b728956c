"""Prepare, confirm or cancel the end of a year: what is chosen, and by whom."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_noop

from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.models import School, Term
from paktaleem.directory.schools.selections import EVERYONE, Selection, select_chosen_by
from paktaleem.directory.schools.selectors import find_unknown_grades, find_unknown_places, get_day
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.locks import advisory_lock
from paktaleem.school_years.models import LeaversBy, Stage, YearEnd, YearEndPerson
from paktaleem.school_years.selectors import is_only_pupil, list_purposes_of_consent, select_last_enrolments
from paktaleem.school_years.services.steps import (
    delete_lists,
    enqueue_year_end,
    lock_year_end,
    record_year_end,
    require_stage,
)

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

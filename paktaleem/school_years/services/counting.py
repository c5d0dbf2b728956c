"""The preview of the end of a year: which classes and people belong to it, and what would be done."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, QuerySet

from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.models import Enrolment
from paktaleem.directory.schools.selections import Selection, select_chosen_by
from paktaleem.directory.schools.selectors import get_day
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.ids import UUID7_SQL, clock_bytes, new_id
from paktaleem.foundation.tenancy.planning import allow_long_statements
from paktaleem.school_years.models import LeaversBy, Stage, YearEnd, YearEndClass, YearEndPerson
from paktaleem.school_years.selectors import (
    PUPILS,
    count_due_by_kind,
    list_consents_of_year,
    select_class_after,
    select_classes_of_year,
    select_last_enrolments,
)
from paktaleem.school_years.services.steps import lock_year_end

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

    Follows decision 0099. Does nothing if it was counted or cancelled. The dates of deletion are those of the retention
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

"""Reads of ends of school years: what belongs to a year, who has a class afterwards, which consents were for it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from consent.consents.models import Consent, ConsentState
from consent.notices.selectors.registers import current_register
from consent.register.models.purposes import Basis, Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.models import ClassTerm, Enrolment, EnrolmentRole, SchoolClass, Term
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.school_years.models import YearEnd, YearEndClass, YearEndPerson

PUPILS = ("student", "learner")
"""Roles of pupils. Only who has no other role can leave: a learner who also teaches stays."""

_DUE = """
SELECT p.is_leaver, d.category, count(d.due_at), min(d.due_at), max(d.due_at), count(*) FILTER (WHERE d.due_at IS NULL)
FROM schedule_due(%(client)s, NULL, NULL, %(at)s, NULL, NULL) d
JOIN school_years_yearendperson p
    ON p.client_id = %(client)s AND p.year_end_id = %(year_end)s AND p.subject_id = d.subject_id
GROUP BY p.is_leaver, d.category ORDER BY p.is_leaver DESC, d.category
"""


@dataclass(frozen=True, slots=True)
class DueOfKind:
    """Days of deletion: one kind of data (category code) of the leavers or of the other pupils.

    ``due`` holdings have a date, between ``first`` and ``last``; ``open`` have none yet, because a period has not begun
    or there is no rule.
    """

    of_leavers: bool
    category: str
    due: int
    first: datetime | None
    last: datetime | None
    open: int


def list_terms_with_parts(term: Term) -> list[UUID]:
    """List the ids of a term and of all terms that are part of it; one query for each level."""
    found, level = [term.pk], [term.pk]
    while level:
        parts = Term.objects.filter(client_id=term.client_id, parent_id__in=level).exclude(pk__in=found)
        level = list(parts.values_list("pk", flat=True))
        found += level
    return found


def select_classes_of_year(row: YearEnd) -> QuerySet[SchoolClass]:
    """Select the classes that take place in the term or a part of it, and in no term that ends later."""
    own = list_terms_with_parts(row.term)
    links = ClassTerm.objects.filter(client_id=row.client_id, school_class_id=OuterRef("pk"))
    goes_on = Q(term__ends_on__gt=row.ends_on) | Q(term__ends_on=None, term__ended_at=None)
    rows = SchoolClass.objects.filter(Exists(links.filter(term_id__in=own)), client_id=row.client_id)
    rows = rows.exclude(Exists(links.exclude(term_id__in=own).filter(goes_on)))
    return rows if row.school_id is None else rows.filter(school_id=row.school_id)


def select_last_enrolments(row: YearEnd) -> QuerySet[Enrolment]:
    """Select the last enrolments of pupils in classes of the year: those that no other one in the year follows.

    By them pupils are chosen by school, class and grade: by the time of the act many are in classes of the next year.
    """
    of_year = Enrolment.objects.filter(
        client_id=row.client_id,
        role=EnrolmentRole.STUDENT,
        school_class_id__in=select_classes_of_year(row).values("pk"),
    )
    later = of_year.filter(subject_id=OuterRef("subject_id"), starts_on__gte=OuterRef("ends_on")).exclude(
        pk=OuterRef("pk")
    )
    return of_year.filter(~Exists(later))


def is_only_pupil(subject: Subject) -> bool:
    """Return True if all roles of a person are roles of pupils."""
    return {subject.role, *subject.other_roles} <= set(PUPILS)


def select_class_after(row: YearEnd, *, on: date) -> QuerySet[Enrolment]:
    """Select the enrolments of pupils, now or later, in classes that do not end with the year.

    For an outer query of people with a column ``subject``.
    """
    ending = YearEndClass.objects.filter(
        client_id=row.client_id, year_end=row, school_class_id=OuterRef("school_class_id")
    )
    return Enrolment.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=on),
        ~Exists(ending),
        client_id=row.client_id,
        subject_id=OuterRef("subject_id"),
        role=EnrolmentRole.STUDENT,
        ended_at=None,
        school_class__ended_at=None,
    )


def year_ended_at(row: YearEnd) -> datetime:
    """Return the time at which the year ended, in the client's time zone."""
    return datetime.combine(row.ends_on, datetime.min.time(), ZoneInfo(row.client.time_zone))


def list_purposes_of_consent(client: Client, at: datetime, *, with_period: bool) -> list[Purpose]:
    """List the active purposes that rest on consent for pupils, by code; ``with_period``: whose consents expire."""
    register = current_register(client.pk)
    codes = {
        code
        for code, role in register.bases
        if role in PUPILS
        and (basis := register.basis_in_force(code, role, at)) is not None
        and basis.basis == Basis.CONSENT
        and code in register.purposes
        and register.purposes[code].active
        and (not with_period or register.purposes[code].consent_months is not None)
    }
    rows = Purpose.objects.filter(client_id__in=[client.pk, PAKTALEEM], code__in=codes).order_by("code", "client_id")
    return list({one.code: one for one in sorted(rows, key=lambda one: one.client_id == client.pk)}.values())


def list_consents_of_year(
    row: YearEnd, people: Collection[UUID] | None, codes: Collection[str], *, at: datetime
) -> QuerySet[Consent]:
    """Select the consents in force, given before the year ended, to purposes (codes), of people (None: all)."""
    own = YearEndPerson.objects.filter(client_id=row.client_id, year_end=row)
    chosen: Any = own.values("subject_id") if people is None else people
    found: QuerySet[Consent] = Consent.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=at),
        client_id=row.client_id,
        subject_id__in=chosen,
        purpose__code__in=codes,
        state=ConsentState.GIVEN,
        recorded_at__lt=year_ended_at(row),
    )
    return found.select_related("subject", "purpose").order_by("subject_id", "purpose__code", "pk")


def count_due_by_kind(row: YearEnd, at: datetime) -> list[DueOfKind]:
    """Count when what is held about the pupils of the year is due for deletion, by kind of data; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"client": row.client_id, "year_end": row.pk, "at": at})
        return [DueOfKind(*found) for found in cursor.fetchall()]

"""Schools, classes and enrolments for tests: one district, two schools, three classes."""

import re
from datetime import date
from typing import Any

from paktaleem.directory.schools.models import Enrolment, Origin
from paktaleem.directory.schools.rows import EnrolmentRow, GivenRows, PlaceRow
from paktaleem.directory.schools.services.recording import record_schools
from tests.factories import SETTING_UP

SCHOOLS = [
    PlaceRow(2, "lyari", "Lyari School", "school", "network"),
    PlaceRow(3, "network", "Indus Network", "district"),
    PlaceRow(4, "clifton", "Clifton School", "school", "network"),
]
YEAR = PlaceRow(2, "y2026", "2026-27", "school_year", "", date(2026, 8, 1), date(2027, 6, 1))
TERMS = [PlaceRow(3, "t1", "First term", "term", "y2026", date(2026, 8, 1), date(2027, 1, 1)), YEAR]
CLASSES = [
    PlaceRow(2, "4a", "4-A", "homeroom", "lyari", terms=["y2026"]),
    PlaceRow(3, "4b", "4-B", "homeroom", "lyari", terms=["t1", "y2026"]),
    PlaceRow(4, "c9", "9-C", "scheduled", "clifton"),
]


def enrolled(person, school_class="4a", **values):
    row = EnrolmentRow(2, f"e-{person}", school_class, person, "student", date(2026, 8, 3), None)
    return row._replace(**values)


def given(*enrolments, complete=frozenset()):
    rows = [one._replace(row=number) for number, one in enumerate(enrolments, start=2)]
    places = {"schools": SCHOOLS, "terms": TERMS, "classes": CLASSES}
    return GivenRows(places=places, enrolments=rows, complete=complete)


def record(client, what, at, **terms):
    context: dict[str, Any] = {"client": client, "actor": SETTING_UP, "origin": Origin.ROSTER, "at": at}
    return record_schools(what, **{**context, **terms})


def periods(person):
    rows = Enrolment.objects.filter(subject__external_id=person).order_by("starts_on", "recorded_at", "id")
    return [
        (row.school_class.external_id, str(row.starts_on), str(row.ends_on) if row.ends_on else None)
        for row in rows.select_related("school_class")
    ]


def listed(page):
    """List the LMS ids in the console's list of people."""
    return sorted(re.findall(r"field-lms_id.*?>(lms-[a-z]+)<", page.content.decode(), re.DOTALL))

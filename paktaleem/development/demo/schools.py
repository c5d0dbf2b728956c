"""The schools and classes of the demonstration, as a learning platform states them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from paktaleem.development.demo.people import external_id_of
from paktaleem.directory.schools.models import Origin
from paktaleem.directory.schools.rows import ClassRow, EnrolmentRow, GivenRows, SchoolRow, TermRow
from paktaleem.directory.schools.services.recording import record_schools
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client

_YEAR_BEGINS_IN = 8
"""The month in which the school year begins: August."""
_NETWORK, _YEAR = "lms-network", "lms-year"
_SCHOOLS = (
    SchoolRow(1, _NETWORK, "Indus Schools Network", "district", "", gone=False),
    SchoolRow(2, "lms-clifton", "Indus School Clifton", "school", _NETWORK, gone=False),
    SchoolRow(3, "lms-saddar", "Indus School Saddar", "school", _NETWORK, gone=False),
)
_CLASSES = (
    ("lms-clifton-4a", "Grade 4 A", "4", "homeroom", "lms-clifton", "wajiha", ("danish", "palwasha")),
    ("lms-clifton-6b", "Grade 6 B", "6", "homeroom", "lms-clifton", "junaid", ("laila", "noor", "iqra")),
    ("lms-saddar-9a", "Grade 9 A", "9", "homeroom", "lms-saddar", "yasir", ("sadia", "talha", "urwa", "rayyan")),
    ("lms-saddar-physics", "Physics", "", "scheduled", "lms-saddar", "yasir", ("hamza", "mahnoor", "rayyan")),
)
"""Classes: id, title, grade, kind, school, teacher and students."""


def fill_schools(client: Client, *, actor: Actor, at: datetime) -> None:
    """Record the schools, the year, its classes and who is in them."""
    today = at.astimezone(ZoneInfo(client.time_zone)).date()
    first = date(today.year - (today.month < _YEAR_BEGINS_IN), _YEAR_BEGINS_IN, 1)
    title = f"School year {first.year}–{first.year + 1}"
    year = TermRow(1, _YEAR, title, "school_year", "", first, first.replace(year=first.year + 1), gone=False)
    given = GivenRows(
        schools=_SCHOOLS,
        terms=[year],
        classes=[
            ClassRow(number, code, name, kind, school, [_YEAR], gone=False, grade=grade)
            for number, (code, name, grade, kind, school, _teacher, _students) in enumerate(_CLASSES, 1)
        ],
        enrolments=_list_enrolments(first),
    )
    record_schools(given, client=client, origin=Origin.API, actor=actor, at=at)


def _list_enrolments(first: date) -> list[EnrolmentRow]:
    stated = [
        (code, person, "teacher" if person == teacher else "student")
        for code, _name, _grade, _kind, _school, teacher, students in _CLASSES
        for person in (teacher, *students)
    ]
    return [
        EnrolmentRow(number, "", code, external_id_of(person), role, first, None, gone=False)
        for number, (code, person, role) in enumerate(stated, 1)
    ]

"""A year of Indus Schools that has ended, and the worker's steps, for tests."""

from datetime import UTC, date, datetime
from typing import Any

from consent.consents.models import Consent, ConsentState, Method
from consent.consents.services.recording import Answer, record_answers
from consent.notices.selectors.public import get_current_notice
from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.models import Origin, Term
from paktaleem.directory.schools.rows import ClassRow, EnrolmentRow, GivenRows, SchoolRow, TermRow
from paktaleem.directory.schools.services.recording import record_schools
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.office.school_years.models import LeaversBy, YearEnd
from paktaleem.office.school_years.services import (
    Choices,
    close_classes,
    confirm_year_end,
    count_year_end,
    finish_people,
    prepare_year_end,
)
from tests.cast import Cast
from tests.factories import SETTING_UP

WORKER = system_actor("tests")
IN_THE_YEAR = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
AFTER = datetime(2027, 6, 10, 9, 0, tzinfo=UTC)
"""Ten days after the first day that is no longer in the year, 1 June 2027."""
OLD, NEW = (date(2026, 8, 1), date(2027, 6, 1)), (date(2027, 8, 1), date(2028, 6, 1))
SCHOOLS = [
    SchoolRow(2, "lyari", "Lyari School", "school", "", gone=False),
    SchoolRow(3, "clifton", "Clifton School", "school", "", gone=False),
]
TERMS = [
    TermRow(2, "y2026", "2026-27", "school_year", "", *OLD, gone=False),
    TermRow(3, "t2", "Second term", "term", "y2026", date(2027, 1, 1), OLD[1], gone=False),
    TermRow(4, "y2027", "2027-28", "school_year", "", *NEW, gone=False),
]
CLASSES = [
    ClassRow(2, "4a", "4-A", "homeroom", "lyari", ["y2026"], gone=False),
    ClassRow(3, "9c", "9-C", "homeroom", "clifton", ["t2"], gone=False),
    ClassRow(4, "band", "Band", "scheduled", "lyari", ["y2026", "y2027"], gone=False),
    ClassRow(5, "5a", "5-A", "homeroom", "lyari", ["y2027"], gone=False),
]


def enrolled(person: str, school_class: str, first: date = OLD[0], **values: Any) -> EnrolmentRow:
    """Return the row of a student in a class from a day; ``values`` replace others."""
    row = EnrolmentRow(2, "", school_class, f"lms-{person}", "student", first, None, gone=False)
    return row._replace(**values)


def record(client: Client, *enrolments: EnrolmentRow, at: datetime, classes: Any = CLASSES, terms: Any = TERMS) -> None:
    """Record schools, terms, classes and enrolments as the learning platform states them."""
    rows = [one._replace(row=number) for number, one in enumerate(enrolments, 2)]
    given = GivenRows(schools=SCHOOLS, terms=terms, classes=classes, enrolments=rows)
    record_schools(given, client=client, origin=Origin.API, actor=SETTING_UP, at=at)


def consents(cast: Cast, name: str, *, at: datetime, purpose: str = "newsletter") -> Consent:
    """Record that a person of the cast consents on paper; return the consent."""
    give_consent(cast.subject(name), at=at, purpose=purpose)
    return state_of(name, purpose)


def give_consent(subject: Subject, *, at: datetime, purpose: str = "newsletter") -> None:
    """Record that a person consents on paper."""
    version = get_current_notice(purpose, client_id=subject.client_id, at=at)
    record_answers(
        subject,
        answers=[Answer(purpose, ConsentState.GIVEN)],
        notice_version=version.pk,
        method=Method.PAPER,
        evidence="Folder 7",
        language="en",
        actor=SETTING_UP,
        at=at,
    )


def state_of(name: str, purpose: str = "newsletter") -> Consent:
    """Return a person's consent."""
    return Consent.objects.get(subject__external_id=f"lms-{name}", purpose__code=purpose)


def prepared(cast: Cast, at: datetime = AFTER, *, by: str = "farah", **choices: Any) -> YearEnd:
    """Prepare the end of the year 2026-27 and let the worker count."""
    term = Term.objects.get(external_id="y2026")
    given = Choices(**{"leavers_by": LeaversBy.WITHOUT_CLASS, **choices})
    row = prepare_year_end(term, given, actor=cast.actor(by), at=at)
    count_year_end(row, actor=WORKER, at=at)
    row.refresh_from_db()
    return row


def carried_out(cast: Cast, row: YearEnd, at: datetime = AFTER) -> YearEnd:
    """Confirm it and let the worker finish, in the smallest steps."""
    confirm_year_end(row, actor=cast.actor("farah"), at=at)
    for step in (close_classes, finish_people):
        while step(row, actor=WORKER, at=at, size=1):
            pass
    row.refresh_from_db()
    return row


def numbers(row: YearEnd) -> dict[str, int]:
    """Return the numbers of the preview that are not zero."""
    return {name: value for name, value in row.plan.items() if name != "deletions" and value}

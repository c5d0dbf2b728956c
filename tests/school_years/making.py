"""A school of Indus whose year has ended, for tests."""

from datetime import UTC, date, datetime

from consent.consents.models import Consent, ConsentState, Method
from consent.consents.services.recording import Answer, record_answers
from consent.notices.selectors.registers import get_current_notice
from paktaleem.directory.schools.models import Origin
from paktaleem.directory.schools.rows import EnrolmentRow, GivenRows, PlaceRow
from paktaleem.directory.schools.services.recording import record_schools
from tests.factories import SETTING_UP

BEGAN, ENDED = date(2026, 8, 1), date(2027, 6, 1)
IN_THE_YEAR = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
AFTER = datetime(2027, 6, 10, 9, 0, tzinfo=UTC)
SCHOOLS = [PlaceRow(2, "lyari", "Lyari School", "school"), PlaceRow(3, "clifton", "Clifton School", "school")]
CLASSES = [
    PlaceRow(2, "4a", "4-A", "homeroom", "lyari"),
    PlaceRow(3, "5a", "5-A", "homeroom", "lyari"),
    PlaceRow(4, "6a", "6-A", "homeroom", "lyari"),
    PlaceRow(5, "band", "Band", "scheduled", "lyari"),
    PlaceRow(6, "9c", "9-C", "homeroom", "clifton"),
]


def enrolled(person, school_class, first=BEGAN, **values):
    row = EnrolmentRow(2, "", school_class, f"lms-{person}", "student", first, None)
    return row._replace(**values)


def record(client, *enrolments, at):
    rows = [one._replace(row=number) for number, one in enumerate(enrolments, 2)]
    given = GivenRows(places={"schools": SCHOOLS, "classes": CLASSES}, enrolments=rows)
    record_schools(given, client=client, origin=Origin.API, actor=SETTING_UP, at=at)


def consents(cast, name, *, at, purpose="newsletter"):
    subject = cast.subject(name)
    record_answers(
        subject,
        answers=[Answer(purpose, ConsentState.GIVEN)],
        notice_version=get_current_notice(purpose, client_id=subject.client_id, at=at).pk,
        method=Method.PAPER,
        evidence="Folder 7",
        language="en",
        actor=SETTING_UP,
        at=at,
    )
    return Consent.objects.get(subject=subject, purpose__code=purpose)

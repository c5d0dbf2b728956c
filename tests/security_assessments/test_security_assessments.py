"""PakTaleem's register of security assessments: reports, the next due day, tenancy."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from paktaleem.directory.files.models import FileChunk
from paktaleem.directory.files.services import FileKindNotAccepted
from paktaleem.directory.security.security_assessments.models import SecurityAssessment, get_staff_day
from paktaleem.directory.security.security_assessments.services import open_report
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.security_assessments.making import make_assessment
from tests.signing_in import browser_of

AT = datetime(2026, 11, 2, 20, 0, tzinfo=UTC)
"""The first hour of 3 November in Karachi."""
TODAY = date(2026, 11, 3)
DAY = timedelta(days=1)
LIST = "/admin/security/securityassessment/"


@pytest.fixture
def amina(cast):
    return cast.actor("amina")


def test_the_next_assessment_is_due_until_a_later_one_of_its_kind_is_recorded(amina):
    year = AT + 365 * DAY
    with in_client(PAKTALEEM):
        first = make_assessment(actor=amina, at=AT)
        assert first.done_on == TODAY
        assert list(SecurityAssessment.objects.overdue(year - DAY)) == []
        assert list(SecurityAssessment.objects.due_soon(year - 15 * DAY)) == []
        assert list(SecurityAssessment.objects.due_soon(year - 14 * DAY)) == [first]
        assert list(SecurityAssessment.objects.due_soon(year)) == []
        make_assessment(kind="audit", actor=amina, at=year)
        assert list(SecurityAssessment.objects.overdue(year)) == [first]
        make_assessment(done_on=TODAY - DAY, next_on=TODAY + 900 * DAY, actor=amina, at=year)
        assert list(SecurityAssessment.objects.overdue(year)) == [first]
        make_assessment(actor=amina, at=year)
        assert list(SecurityAssessment.objects.overdue(year)) == []


def test_of_two_records_of_one_day_the_newer_one_counts(amina):
    with in_client(PAKTALEEM):
        make_assessment(next_on=TODAY + DAY, actor=amina, at=AT)
        right = make_assessment(next_on=TODAY + 9 * DAY, actor=amina, at=AT + timedelta(hours=1))
        assert list(SecurityAssessment.objects.overdue(AT + 2 * DAY)) == []
        assert list(SecurityAssessment.objects.overdue(AT + 9 * DAY)) == [right]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"done_on": TODAY + DAY}, "done_on"),
        ({"next_on": TODAY}, "next_on"),
        ({"kind": "other"}, "kind"),
        ({"scope": ""}, "scope"),
        ({"done_by": ""}, "done_by"),
    ],
)
def test_an_assessment_that_is_not_complete_is_refused(amina, values, field):
    with in_client(PAKTALEEM), pytest.raises(ValidationError) as refusal:
        make_assessment(**values, actor=amina, at=AT)
    assert list(refusal.value.message_dict) == [field]


def test_a_report_is_sealed_and_each_opening_is_recorded(amina, cast):
    words = b"%PDF-1.7 the password is in the log"
    with in_client(PAKTALEEM):
        with pytest.raises(FileKindNotAccepted):
            make_assessment(report=b"MZ program", actor=amina, at=AT)
        assessment = make_assessment(report=words, actor=amina, at=AT)
        assert words not in b"".join(bytes(one.data) for one in FileChunk.objects.filter(file=assessment.file))
        assert b"".join(open_report(assessment, reason="review", actor=cast.actor("bilal"), at=AT)) == words
        assert Entry.objects.filter(kind="security_assessment.recorded").get().actor_id == amina.id
        assert Entry.objects.filter(kind="security_assessment.report_opened").get().actor_id == cast.user_id("bilal")
        with pytest.raises(NotAllowed):
            open_report(assessment, reason="review", actor=cast.actor("farah"), at=AT)


@pytest.mark.parametrize("name", ["bilal", "sana", "farah"])
def test_only_officers_write_the_register(cast, name):
    with in_client(PAKTALEEM), pytest.raises(NotAllowed):
        make_assessment(actor=cast.actor(name), at=AT)


def test_no_client_sees_the_register_and_no_row_belongs_to_one(cast, amina):
    with in_client(PAKTALEEM):
        assessment = make_assessment(actor=amina, at=AT)
    with in_client(cast.client_id("indus")):
        assert SecurityAssessment.objects.count() == 0
        assessment.client_id = cast.client_id("indus")
        with pytest.raises(IntegrityError, match="securityassessment_of_paktaleem"), transaction.atomic():
            assessment.save(force_insert=True)
    with as_officer():
        assert SecurityAssessment.objects.count() == 1
    assert browser_of(cast.user("farah")).get(LIST).status_code == 403


def test_an_officer_records_an_assessment_in_the_console_and_an_auditor_opens_its_report(cast):
    amina, today = browser_of(cast.user("amina")), get_staff_day(timezone.now())
    facts = {"kind": "audit", "scope": "Backups.", "done_by": "Lahore Audit", "done_on": today, "next_on": today}
    words = b"%PDF-1.7 report"
    assert amina.get(f"{LIST}add/").status_code == 200

    def add(**values: Any) -> Any:
        return amina.post(f"{LIST}add/", {**facts, "report": SimpleUploadedFile("a.pdf", words), **values})

    assert "Choose a day after the assessment." in add().content.decode()
    refused = add(next_on=today + DAY, report=SimpleUploadedFile("a.exe", b"MZ"))
    assert "Choose a PDF, JPEG or PNG." in refused.content.decode()
    assert add(next_on=today + DAY).status_code == 302
    with in_client(PAKTALEEM):
        assessment = SecurityAssessment.objects.get()
    page = f"{LIST}{assessment.pk}"
    opened = browser_of(cast.user("bilal")).post(f"{page}/open-report/", {"reason": "review"})
    assert opened.content == words
    assert "PDF, 15" in amina.get(f"{page}/change/").content.decode()
    assert "Report of a security assessment opened" in amina.get(f"{page}/history/").content.decode()


def test_the_first_page_lists_what_is_due_with_its_day(cast, amina):
    now = timezone.now()
    done_on = get_staff_day(now) - 40 * DAY
    with in_client(PAKTALEEM):
        for kind, days in (("audit", 40), ("review", 50)):
            make_assessment(kind=kind, done_on=done_on, next_on=done_on + days * DAY, actor=amina, at=now)
    browser = browser_of(cast.user("amina"))
    page = browser.get("/admin/").content.decode()
    for progress, due_on in (("overdue", done_on + 40 * DAY), ("due_soon", done_on + 50 * DAY)):
        assert f"{LIST}?progress={progress}" in page
        assert due_on.isoformat() in page
    assert "Lahore Security Ltd" in browser.get(f"{LIST}?progress=overdue").content.decode()
    assert LIST not in browser_of(cast.user("farah")).get("/admin/").content.decode()

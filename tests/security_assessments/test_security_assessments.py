"""PakTaleem's register of security assessments: findings with due days, accepted risks, reminders, tenancy."""

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from paktaleem.directory.files.models import FileChunk
from paktaleem.directory.files.services import FileKindNotAccepted
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.rendering import render
from paktaleem.directory.security.security_assessments.deadlines import DAYS_TO_MEND, SOON, find_stage
from paktaleem.directory.security.security_assessments.models import (
    AssessmentReminder,
    AssessmentReport,
    Finding,
    RiskAcceptance,
    SecurityAssessment,
    get_staff_day,
)
from paktaleem.directory.security.security_assessments.selectors import count_due
from paktaleem.directory.security.security_assessments.services import (
    AcceptanceAlreadyRequested,
    FindingMended,
    FindingOpen,
    add_report,
    change_finding,
    decide_acceptance,
    open_report,
    plan_next_assessment,
    record_remediation,
    remind_of_assessments,
    reopen_finding,
    request_acceptance,
)
from paktaleem.directory.security.security_assessments.tasks import (
    notify_officers_of_assessments,
    remind_of_all_assessments,
)
from paktaleem.foundation.accounts.actors import Actor, NotAllowed
from paktaleem.foundation.accounts.second_person import ApproverIsRequester, ChangeState
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.accounts.officers import second_officer
from tests.cast import Cast
from tests.security_assessments.making import make_assessment, make_finding
from tests.signing_in import browser_of

AT = datetime(2026, 11, 2, 20, 0, tzinfo=UTC)
"""The first hour of 3 November in Karachi."""
TODAY = date(2026, 11, 3)
DAY = timedelta(days=1)
LIST = "/admin/security_assessments/finding/"
ASSESSMENTS = "/admin/security_assessments/securityassessment/"


@pytest.fixture
def amina(cast: Cast) -> Actor:
    return cast.actor("amina")


@pytest.fixture
def finding(amina: Actor) -> Finding:
    with in_client(PAKTALEEM):
        return make_finding(make_assessment(actor=amina, at=AT), actor=amina, at=AT)


def mend(finding: Finding, actor: Actor, at: datetime) -> Finding:
    values: dict[str, Any] = {"remediation": "Updated; scanned again.", "mended_on": TODAY, "reason": "review"}
    return record_remediation(finding, **values, actor=actor, at=at)


def kinds_of_acts() -> list[str]:
    acts = Entry.objects.filter(kind__startswith="security_assessment.").order_by("recorded_at", "pk")
    return [kind.removeprefix("security_assessment.") for kind in acts.values_list("kind", flat=True)]


@given(due=st.dates(date(2020, 1, 1), date(2090, 1, 1)), days=st.integers(-400, 400))
def test_reminders_begin_two_weeks_before_the_day_and_go_on_each_week(due: date, days: int) -> None:
    stage, before = find_stage(due, due + days * DAY), find_stage(due, due + (days - 1) * DAY)
    assert (stage is None) == (days < -SOON.days)
    if stage is not None and days >= 0:
        assert stage == 1 + days // 7
        assert (stage != before) == (days % 7 == 0)


def test_a_finding_is_due_by_its_severity_and_is_mended_and_reopened(finding: Finding, amina: Actor) -> None:
    with in_client(PAKTALEEM):
        assert (finding.found_on, finding.due_on) == (TODAY, TODAY + 30 * DAY)
        mended = mend(finding, amina, AT + DAY)
        assert (mended.is_open, Finding.objects.open().count()) == (False, 0)
        with pytest.raises(FindingMended):
            mend(mended, amina, AT + DAY)
        reopened = reopen_finding(mended, reason="incident", actor=amina, at=AT + 2 * DAY)
        with pytest.raises(FindingOpen):
            reopen_finding(reopened, reason="incident", actor=amina, at=AT + 2 * DAY)
        assert reopened.due_on == TODAY + 30 * DAY
        versions = Finding.history.order_by("history_date").values_list("mended_on", "history_change_reason")
        assert list(versions) == [(None, "review"), (TODAY, "review"), (None, "incident")]
        assert kinds_of_acts() == ["recorded", "finding_recorded", "finding_mended", "finding_reopened"]


def test_a_higher_severity_moves_the_day_earlier_and_a_lower_one_does_not_move_it(
    finding: Finding, amina: Actor
) -> None:
    values: dict[str, Any] = {"team": "Operations", "reason": "review", "actor": amina, "at": AT}
    with in_client(PAKTALEEM):
        assert change_finding(finding, severity="critical", **values).due_on == TODAY + 7 * DAY
        assert change_finding(finding, severity="low", **values).due_on == TODAY + 7 * DAY
        with pytest.raises(ValidationError) as refusal:
            change_finding(finding, severity="unknown", **values)
        assert list(refusal.value.message_dict) == ["severity"]


def test_a_second_officer_accepts_a_risk_until_a_day_on_which_it_is_due_again(finding: Finding, amina: Actor) -> None:
    gul, until = second_officer(), TODAY + 200 * DAY
    asked: dict[str, Any] = {"ground": "Behind the proxy.", "actor": amina, "at": AT}
    with in_client(PAKTALEEM):
        for wrong in (TODAY, TODAY + 366 * DAY):
            with pytest.raises(ValidationError):
                request_acceptance(finding, until=wrong, **asked)
        row = request_acceptance(finding, until=until, **asked)
        with pytest.raises(AcceptanceAlreadyRequested):
            request_acceptance(finding, until=until, **asked)
        finding.refresh_from_db()
        assert finding.due_on == TODAY + 30 * DAY
        with pytest.raises(ApproverIsRequester), transaction.atomic():
            decide_acceptance(row, approve=True, actor=amina, at=AT)
        decide_acceptance(row, approve=True, actor=gul, at=AT + DAY)
        finding.refresh_from_db()
        assert (finding.due_on, finding.accepted_until) == (until, until)
        late = AT + 201 * DAY
        assert [Finding.objects.accepted(AT).count(), Finding.objects.overdue(AT + 40 * DAY).count()] == [1, 0]
        assert [Finding.objects.accepted(late).count(), Finding.objects.overdue(late).count()] == [0, 1]


def test_a_higher_severity_ends_an_accepted_risk_and_a_request_for_one(finding: Finding, amina: Actor) -> None:
    asked: dict[str, Any] = {"ground": "Limited.", "until": TODAY + 200 * DAY, "actor": amina, "at": AT}
    with in_client(PAKTALEEM):
        decide_acceptance(request_acceptance(finding, **asked), approve=True, actor=second_officer(), at=AT)
        waiting = request_acceptance(finding, **asked)
        row = change_finding(finding, severity="critical", team="Operations", reason="review", actor=amina, at=AT)
        waiting.refresh_from_db()
        assert (row.due_on, row.accepted_until) == (TODAY + 7 * DAY, None)
        assert waiting.state == ChangeState.REPLACED


def test_a_mended_finding_ends_the_request_to_accept_its_risk(finding: Finding, amina: Actor) -> None:
    with in_client(PAKTALEEM):
        row = request_acceptance(finding, ground="Limited.", until=TODAY + 99 * DAY, actor=amina, at=AT)
        mend(finding, amina, AT)
        row.refresh_from_db()
        assert row.state == ChangeState.REPLACED
        with pytest.raises(FindingMended):
            request_acceptance(finding, ground="Limited.", until=TODAY + 99 * DAY, actor=amina, at=AT)


def test_the_next_assessment_is_due_until_a_later_one_of_its_kind_is_recorded(amina: Actor) -> None:
    year = AT + 366 * DAY
    with in_client(PAKTALEEM):
        first = make_assessment(actor=amina, at=AT)
        plan: dict[str, Any] = {"reason": "review", "actor": amina, "at": AT}
        with pytest.raises(ValidationError):
            plan_next_assessment(first, next_on=first.ends_on, **plan)
        assert plan_next_assessment(first, next_on=TODAY + 300 * DAY, **plan).next_on == TODAY + 300 * DAY
        assert list(SecurityAssessment.objects.overdue(year)) == [first]
        make_assessment(kind="audit", actor=amina, at=year)
        assert list(SecurityAssessment.objects.overdue(year)) == [first]
        second = make_assessment(actor=amina, at=year)
        assert list(SecurityAssessment.objects.overdue(year)) == []
        old = make_assessment(starts_on=TODAY, ends_on=TODAY + DAY, next_on=TODAY + 9 * DAY, actor=amina, at=year)
        assert (old.followed_on, second.followed_on) == (date(2027, 11, 4), None)
        first.refresh_from_db()
        with pytest.raises(ValidationError):
            plan_next_assessment(first, next_on=TODAY + 900 * DAY, **plan)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"ends_on": TODAY - 9 * DAY}, "ends_on"),
        ({"ends_on": TODAY + DAY}, "ends_on"),
        ({"next_on": TODAY}, "next_on"),
        ({"kind": "other"}, "kind"),
        ({"scope": ""}, "scope"),
        ({"systems": ["unknown"]}, "systems"),
    ],
)
def test_an_assessment_that_is_not_complete_is_refused(amina: Actor, values: dict[str, Any], field: str) -> None:
    with in_client(PAKTALEEM), pytest.raises(ValidationError) as refusal:
        make_assessment(**values, actor=amina, at=AT)
    assert list(refusal.value.message_dict) == [field]


def test_a_report_is_sealed_and_each_opening_is_recorded(amina: Actor, cast: Cast) -> None:
    words = b"%PDF-1.7 the password is in the log"
    with in_client(PAKTALEEM):
        assessment = make_assessment(actor=amina, at=AT)
        with pytest.raises(FileKindNotAccepted):
            add_report(assessment, io.BytesIO(b"MZ program"), actor=amina, at=AT)
        report = add_report(assessment, io.BytesIO(words), actor=amina, at=AT)
        assert words not in b"".join(bytes(one.data) for one in FileChunk.objects.filter(file=report.file))
        assert b"".join(open_report(report, reason="review", actor=cast.actor("bilal"), at=AT)) == words
        assert Entry.objects.filter(kind="security_assessment.report_opened").get().actor_id == cast.user_id("bilal")
        with pytest.raises(NotAllowed):
            open_report(report, reason="review", actor=cast.actor("farah"), at=AT)


@pytest.mark.parametrize("name", ["bilal", "sana", "farah"])
def test_only_officers_write_the_register(cast: Cast, finding: Finding, name: str) -> None:
    actor = cast.actor(name)
    with in_client(PAKTALEEM):
        acts = [
            lambda: make_assessment(actor=actor, at=AT),
            lambda: make_finding(finding.assessment, actor=actor, at=AT),
            lambda: mend(finding, actor, AT),
            lambda: request_acceptance(finding, ground="No.", until=TODAY + DAY, actor=actor, at=AT),
            lambda: add_report(finding.assessment, io.BytesIO(b"%PDF-"), actor=actor, at=AT),
        ]
        for act in acts:
            with pytest.raises(NotAllowed):
                act()


def test_no_client_sees_the_register_and_no_row_belongs_to_one(cast: Cast, finding: Finding, amina: Actor) -> None:
    with in_client(PAKTALEEM):
        add_report(finding.assessment, io.BytesIO(b"%PDF-"), actor=amina, at=AT)
        request_acceptance(finding, ground="Limited.", until=TODAY + 99 * DAY, actor=amina, at=AT)
    tables = (SecurityAssessment, Finding, Finding.history.model, AssessmentReport, RiskAcceptance)
    with in_client(cast.client_id("indus")):
        assert [model.objects.count() for model in tables] == [0] * len(tables)
        reminder = AssessmentReminder(client_id=cast.client_id("indus"), about=finding.pk, due_on=TODAY, stage=0, at=AT)
        with pytest.raises(IntegrityError, match="assessmentreminder_of_paktaleem"), transaction.atomic():
            reminder.save(force_insert=True)
    for model in apps.get_app_config("security_assessments").get_models():
        is_history = hasattr(model, "instance_type")
        assert is_history or any(one.name.endswith("_of_paktaleem") for one in model._meta.constraints), model
    with as_officer():
        assert all(model.objects.count() for model in tables)
    assert browser_of(cast.user("farah")).get(LIST).status_code == 403


def test_officers_are_reminded_once_for_each_stage(cast: Cast, finding: Finding) -> None:
    """Nothing early, once two weeks before, once on the day, once each week; a mended finding no more."""
    due = AT + 30 * DAY
    with in_client(PAKTALEEM):
        sent = [remind_of_assessments(at=due + days * DAY) for days in (-15, -14, -1, 0, 1, 6, 7, 30, 30)]
        assert sent == [0, 1, 0, 1, 0, 0, 1, 1, 0]
        mend(finding, cast.actor("amina"), due)
        assert remind_of_assessments(at=due + 60 * DAY) == 0


def test_the_email_to_officers_says_how_much_is_due(cast: Cast, finding: Finding, amina: Actor) -> None:
    with in_client(PAKTALEEM):
        make_finding(finding.assessment, "critical", actor=amina, at=AT)
    remind_of_all_assessments(0)
    notify_officers_of_assessments()
    with in_client(PAKTALEEM):
        letters = list(Letter.objects.filter(kind="security_assessments_due"))
        due = count_due(AT + 31 * DAY)
    assert due == {"overdue": 2, "soon": 0, "assessments": 0}
    for language in ("en", "ur"):
        values = due | {"url": "https://privacy.example/", "client": "PakTaleem"}
        assert "2" in render("security_assessments_due", language=language, channel="mail", values=values).subject
    assert cast.user_id("amina") in {one.user_id for one in letters}
    assert {one.user_id for one in letters}.isdisjoint({cast.user_id("bilal"), cast.user_id("farah")})


def test_the_first_page_lists_what_is_due_with_its_day(cast: Cast, amina: Actor) -> None:
    now = timezone.now()
    ended = get_staff_day(now) - 40 * DAY
    days = {"starts_on": ended, "ends_on": ended, "next_on": ended + 50 * DAY}
    with in_client(PAKTALEEM):
        finding = make_finding(make_assessment(**days, actor=amina, at=now), actor=amina, at=now)
    browser = browser_of(cast.user("amina"))
    page = browser.get("/admin/").content.decode()
    assert "Findings of security assessments" in page
    assert finding.due_on.isoformat() in page
    for address in (f"{LIST}?progress=overdue", f"{ASSESSMENTS}?progress=due_soon"):
        assert address in page
    assert finding.title in browser.get(f"{LIST}?progress=overdue").content.decode()
    assert "Findings of security assessments" not in browser_of(cast.user("farah")).get("/admin/").content.decode()


def test_an_officer_records_assessment_report_and_finding_and_mends_it_in_the_console(cast: Cast) -> None:
    amina, today = browser_of(cast.user("amina")), get_staff_day(timezone.now())
    days = {"starts_on": today - 3 * DAY, "ends_on": today, "next_on": today + 99 * DAY}
    facts = {"kind": "audit", "scope": "Backups.", "systems": [], "done_by": "Lahore Audit", **days}
    assert amina.get(f"{ASSESSMENTS}add/").status_code == 200
    assert amina.post(f"{ASSESSMENTS}add/", facts).status_code == 302
    with in_client(PAKTALEEM):
        assessment = SecurityAssessment.objects.get()
    page = f"{ASSESSMENTS}{assessment.pk}"
    found = {"title": "Readable", "description": "By all.", "severity": "low", "team": "Operations", "found_on": today}
    assert amina.post(f"{page}/record-finding/", found).status_code == 302
    words = b"%PDF-1.7 report"
    assert amina.post(f"{page}/add-report/", {"file": SimpleUploadedFile("a.pdf", words)}).status_code == 302
    with in_client(PAKTALEEM):
        finding, report = Finding.objects.get(), AssessmentReport.objects.get()
    opened = browser_of(cast.user("bilal")).post(f"{page}/open-report/", {"report": report.pk, "reason": "review"})
    assert opened.content == words
    shown = amina.get(f"{page}/change/").content.decode()
    assert "Readable" in shown
    assert "PDF, 15" in shown
    mended = {"remediation": "Closed.", "mended_on": today, "reason": "review"}
    assert amina.post(f"{LIST}{finding.pk}/mend/", mended).status_code == 302
    assert "Mended" in amina.get(LIST).content.decode()
    asked = {"ground": "No.", "until": today + DAY}
    amina.post(f"{LIST}{finding.pk}/accept-risk/", asked)  # a mended finding has no risk to accept
    with in_client(PAKTALEEM):
        assert RiskAcceptance.objects.count() == 0


def test_days_to_mend_are_shorter_the_more_severe_a_finding_is() -> None:
    assert list(DAYS_TO_MEND) == ["critical", "high", "medium", "low"]
    assert sorted(DAYS_TO_MEND.values()) == list(DAYS_TO_MEND.values())

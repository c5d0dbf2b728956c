"""Cases of supervisory authorities: correspondence, deadlines with reminders, outcome, and closing."""

import re
import threading
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from paktaleem.directory.files.models import FileChunk
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from rights.complaints.models import AuthorityCase, CaseDeadline, CaseEntry, DeadlineReminder
from rights.complaints.reminders import list_reminder_days
from rights.complaints.services import (
    NOTIFY,
    CaseEnded,
    OutcomeMissing,
    add_entry,
    end_case,
    finish_deadline,
    near_deadlines,
    open_case,
    open_file,
    read_case,
    remind_of_deadlines,
    set_deadline,
)
from rights.complaints.tasks import notify_of_deadline
from rights.requests.authorities import AUTHORITIES, NONE_YET, find_authority
from rights.requests.models import RightsRequest
from rights.requests.services.clock import purge_old_requests
from rights.requests.services.closing import answer_request, close_request, link_duplicate
from rights.requests.services.steps import RequestEnded, lock_request
from tests.cast import Cast
from tests.console.pages import list_url, row_url
from tests.rights.cases import AT, DAY, decided, received, withdraw
from tests.signing_in import SignIn
from tests.waiting import wait_until_one_waits
from tests.working import work

TODAY = AT.date()
CASE, REQUEST = "complaints/authoritycase", "rights/rightsrequest"
EUROPEAN = "ATBEBGCYCZDEDKEEESFIFRGRHRHUIEITLTLULVMTNLPLPTROSESISKISLINO"
ANY_BYTES = b"\x00\x01 not a known type"


def opened(cast: Cast, request: RightsRequest | None = None, **given: Any) -> AuthorityCase:
    told: dict[str, Any] = {"country": "GB", "origin": "person", "reference": "RFA/17", "opened_on": TODAY}
    told |= {"actor": cast.actor("farah"), "at": AT, **given}
    return open_case(request or received(cast, "complaint"), **told)


def by(cast: Cast, **given: Any) -> dict[str, Any]:
    return {"actor": cast.actor("farah"), "at": AT, **given}


def test_the_correspondence_is_sealed_and_read_with_a_reason(indus: Cast) -> None:
    case = opened(indus)
    assert (case.authority, case.country) == ("Information Commissioner’s Office", "GB")
    letter = add_entry(case, direction="in", on=TODAY, text="Please answer.", file=BytesIO(ANY_BYTES), **by(indus))
    add_entry(case, direction="out", on=TODAY, text="Here is our answer.", **by(indus))
    chunks = b"".join(bytes(one.data) for one in FileChunk.objects.all())
    assert b"not a known type" not in chunks
    found = read_case(case, reason=Reason.REVIEW, **by(indus))
    assert (found.reference, [text for _, text in found.entries]) == (
        "RFA/17",
        ["Please answer.", "Here is our answer."],
    )
    assert open_file(letter, reason=Reason.REVIEW, **by(indus)) == ANY_BYTES
    with pytest.raises(NotAllowed):
        read_case(case, actor=indus.actor("sana"), reason=Reason.REVIEW, at=AT)
    with pytest.raises(DatabaseError), transaction.atomic():
        CaseEntry.objects.filter(pk=letter.pk).update(direction="out")


def test_after_the_erasure_of_the_person_nothing_of_a_case_can_be_read(indus: Cast) -> None:
    case = opened(indus)
    letter = add_entry(case, direction="in", on=TODAY, file=BytesIO(ANY_BYTES), **by(indus))
    erase_subject(indus.subject("hamza"), actor=indus.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT)
    for opening in (
        lambda: read_case(AuthorityCase.objects.get(), reason=Reason.REVIEW, **by(indus)),
        lambda: open_file(CaseEntry.objects.get(pk=letter.pk), reason=Reason.REVIEW, **by(indus)),
    ):
        with pytest.raises(Refused, match="have been deleted"):
            opening()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"country": ""}, "authority"),
        ({"country": "XX"}, "authority"),
        ({"authority": "High Court"}, "authority"),
        ({"opened_on": TODAY + timedelta(days=2)}, "opened_on"),
    ],
)
def test_a_wrong_case_names_its_field(indus: Cast, given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as error:
        opened(indus, **given)
    assert list(error.value.error_dict) == [field]


def test_wrong_letters_deadlines_and_outcomes_name_their_field(indus: Cast) -> None:
    case, later = opened(indus), TODAY + timedelta(days=2)
    upheld: dict[str, Any] = {"outcome": "upheld", "ended_on": TODAY}
    calls: list[tuple[Any, dict[str, Any], str]] = [
        (add_entry, {"direction": "in", "on": TODAY}, "text"),
        (add_entry, {"direction": "in", "on": later, "text": "x"}, "on"),
        (add_entry, {"direction": "in", "on": TODAY, "text": "x" * 8001}, "text"),
        (set_deadline, {"due_on": later, "what": " "}, "what"),
        (end_case, upheld, "measures"),
        (end_case, {**upheld, "measures": "x", "ended_on": later}, "ended_on"),
        (end_case, {**upheld, "measures": "x", "ended_on": TODAY - timedelta(days=1)}, "ended_on"),
    ]
    for act, given, field in calls:
        with pytest.raises(ValidationError) as error:
            act(case, **given, **by(indus))
        assert list(error.value.error_dict) == [field]


def test_the_request_is_closed_only_with_the_outcome(indus: Cast) -> None:
    request = received(indus, "complaint")
    case, amina = opened(indus, request), indus.actor("amina")
    deadline = set_deadline(case, due_on=TODAY + timedelta(days=9), what="A statement", **by(indus))
    decided(indus, request, "granted")
    answer_request(request, text="You are right.", actor=amina, at=AT)
    with pytest.raises(OutcomeMissing):
        close_request(request, actor=amina, at=AT)
    end_case(case, outcome="upheld", ended_on=TODAY, measures="Staff are trained.", **by(indus))
    deadline.refresh_from_db()
    assert deadline.done_at == AT
    assert read_case(AuthorityCase.objects.get(), reason=Reason.REVIEW, **by(indus)).measures == "Staff are trained."
    with pytest.raises(CaseEnded):
        add_entry(case, direction="in", on=TODAY, text="More", **by(indus))
    assert close_request(request, actor=amina, at=AT).state == "closed"


def test_reminders_come_7_3_and_1_days_before_on_the_day_and_then_daily() -> None:
    due, early = date(2026, 10, 20), date(2026, 10, 1)
    days = list_reminder_days(due, set_on=early, today=date(2026, 10, 22))
    assert [day.day for day in days] == [13, 17, 19, 20, 21, 22]
    assert list_reminder_days(due, set_on=early, today=date(2026, 10, 12)) == []
    assert [day.day for day in list_reminder_days(due, set_on=date(2026, 10, 18), today=due)] == [19, 20]


def test_an_outage_loses_no_reminder_and_doubles_none(cast: Cast) -> None:
    with in_client(cast.client_id("indus")):
        case = opened(cast)
        row = set_deadline(case, due_on=TODAY + timedelta(days=10), what="A statement", **by(cast))
        robot = system_actor("complaints.remind")
        assert remind_of_deadlines(case.client_id, actor=robot, at=AT + 2 * DAY) == 0
        assert remind_of_deadlines(case.client_id, actor=robot, at=AT + 3 * DAY) == 1
        assert remind_of_deadlines(case.client_id, actor=robot, at=AT + 12 * DAY) == 5
        assert remind_of_deadlines(case.client_id, actor=robot, at=AT + 12 * DAY) == 0
        assert DeadlineReminder.objects.filter(deadline=row).count() == 6
        finish_deadline(CaseDeadline.objects.get(), **by(cast, at=AT + 12 * DAY))
        assert remind_of_deadlines(case.client_id, actor=robot, at=AT + 20 * DAY) == 0
    work({NOTIFY: notify_of_deadline})
    with in_client(cast.client_id("indus")):
        own = Letter.objects.filter(kind="rights_authority_deadline")
        assert {one.user_id for one in own} == {cast.user_id("farah")}
        assert own.count() == 6


def test_the_directory_names_authorities_and_says_where_there_is_none() -> None:
    for code, authority in AUTHORITIES.items():
        assert len(code) == 2
        assert authority.name.strip() == authority.name != ""
        assert not authority.url or authority.url.startswith("https://")
    assert not NONE_YET & set(AUTHORITIES)
    assert find_authority("PK", fallback=[]) is None
    assert set(re.findall("..", EUROPEAN)) <= set(AUTHORITIES)


def test_the_desk_records_a_case_from_a_complaint_to_its_outcome(sign_in: SignIn, cast: Cast) -> None:
    now = timezone.now()
    with in_client(cast.client_id("indus")):
        request = received(cast, "complaint", at=now)
    farah, today = sign_in("farah"), now.date().isoformat()
    begin = {"country": "GB", "origin": "person", "reference": "RFA/17", "opened_on": today}
    assert farah.post(row_url(REQUEST, request.pk, "authority-case"), begin).status_code == 302
    with in_client(cast.client_id("indus")):
        case = AuthorityCase.objects.get()

    def act(slug: str, **values: Any) -> Any:
        return farah.post(row_url(CASE, case.pk, slug), values)

    assert "Information Commissioner" in farah.get(row_url(REQUEST, request.pk)).content.decode()
    file = SimpleUploadedFile("of Hamza.pdf", b"%PDF-1.7 content")
    assert act("message", direction="in", on=today, text="Please answer.", file=file).status_code == 302
    near = (now + timedelta(days=2)).date().isoformat()
    assert act("deadline", due_on=near, what="A statement").status_code == 302
    assert "Deadlines of authorities" in farah.get("/admin/").content.decode()
    assert "Information Commissioner" in farah.get(f"{list_url(CASE)}?progress=near").content.decode()
    page = farah.get(row_url(CASE, case.pk)).content.decode()
    assert near in page
    assert "Please answer." not in page
    assert "Please answer." in act("read", reason="review").content.decode()
    with in_client(cast.client_id("indus")):
        entry, deadline = CaseEntry.objects.get(), CaseDeadline.objects.get()
    got = act("open-file", entry=str(entry.pk), reason="review")
    assert got.content == b"%PDF-1.7 content"
    assert "Hamza" not in got["Content-Disposition"]
    assert act("met", deadline=str(deadline.pk)).status_code == 302
    assert "Deadlines of authorities" not in farah.get("/admin/").content.decode()
    assert act("end", outcome="upheld", ended_on=today).status_code == 200, "measures are missing"
    assert act("end", outcome="rejected", ended_on=today).status_code == 302
    assert "Rejected" in farah.get(row_url(CASE, case.pk)).content.decode()
    assert sign_in("celia").get(row_url(CASE, case.pk)).status_code == 404


def test_a_request_with_an_open_case_is_not_closed_as_a_duplicate(indus: Cast) -> None:
    first, later = received(indus, "complaint"), received(indus, "complaint")
    opened(indus, later)
    with pytest.raises(OutcomeMissing):
        link_duplicate(later, other=first, actor=indus.actor("amina"), at=AT)


def test_a_case_goes_on_after_the_person_has_withdrawn_the_request(indus: Cast) -> None:
    request = received(indus, "complaint")
    case, robot = opened(indus, request), system_actor("complaints.remind")
    row = set_deadline(case, due_on=TODAY + timedelta(days=2), what="A statement", **by(indus))
    withdraw(indus, request)
    later = by(indus, at=AT + 2 * DAY)
    assert remind_of_deadlines(case.client_id, actor=robot, at=later["at"]) == 2
    add_entry(case, direction="out", on=TODAY, text="Our statement.", **later)
    finish_deadline(row, **later)
    end_case(case, outcome="upheld", ended_on=TODAY, measures="Staff are trained.", **later)
    request.refresh_from_db()
    assert request.state == "withdrawn"
    assert read_case(AuthorityCase.objects.get(), reason=Reason.REVIEW, **later).measures == "Staff are trained."


def test_an_authority_may_write_after_the_request_was_closed_but_not_about_a_duplicate(indus: Cast) -> None:
    closed = answer_request(decided(indus, received(indus, "complaint")), text="No.", actor=indus.actor("amina"), at=AT)
    close_request(closed, actor=indus.actor("amina"), at=AT)
    assert opened(indus, closed).is_open
    first, later = received(indus, "complaint"), received(indus, "complaint")
    link_duplicate(later, other=first, actor=indus.actor("amina"), at=AT)
    duplicate = RightsRequest.objects.get(state="duplicate")
    with pytest.raises(RequestEnded):
        opened(indus, duplicate)


def test_texts_are_kept_as_long_as_an_authority_has_a_case(indus: Cast) -> None:
    request, robot = received(indus, "complaint"), system_actor("rights.purge")
    case = opened(indus, request)
    withdraw(indus, request)
    after = AT + 2000 * DAY
    assert purge_old_requests(request.client_id, actor=robot, at=after) == 0
    end_case(case, outcome="rejected", ended_on=TODAY, **by(indus, at=after))
    assert purge_old_requests(request.client_id, actor=robot, at=after) == 1


def test_a_deadline_is_near_and_past_by_the_calendar_of_the_client(indus: Cast) -> None:
    set_deadline(opened(indus), due_on=TODAY + timedelta(days=10), what="A statement", **by(indus))
    midnight_in_karachi = AT.replace(hour=19) + 2 * DAY
    assert not near_deadlines(midnight_in_karachi - timedelta(minutes=1)).exists()
    assert near_deadlines(midnight_in_karachi).exists()


def test_a_reminder_waits_for_the_lock_of_the_request_and_then_sends_nothing_that_is_done(committed: Cast) -> None:
    cast, robot = committed, system_actor("complaints.remind")
    with in_client(cast.client_id("indus")):
        case = opened(cast)
        row = set_deadline(case, due_on=TODAY + timedelta(days=3), what="A statement", **by(cast))
    locked = threading.Event()
    results: list[int] = []

    def remind() -> None:
        try:
            with in_client(case.client_id):
                locked.wait(60)
                results.append(remind_of_deadlines(case.client_id, actor=robot, at=AT + 3 * DAY))
        finally:
            connections.close_all()

    worker = threading.Thread(target=remind)
    worker.start()
    with in_client(case.client_id):
        lock_request(case.request)
        locked.set()
        wait_until_one_waits()
        finish_deadline(row, **by(cast, at=AT + 3 * DAY))
    worker.join(60)
    assert results == [0]

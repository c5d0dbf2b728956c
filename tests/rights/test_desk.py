"""Tasks, letters, call-backs, requests that are handed over, and cases of supervisory authorities."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from rights.desk.cases import end_case, open_case
from rights.desk.models import AuthorityCase, RequestLetter, RequestTask
from rights.desk.selectors import list_other_sides, list_tasks, read_texts
from rights.desk.services import add_task, finish_task, hand_over_request, record_call, send_letter
from rights.requests.letters import ANSWERS, Occasion, compose_letter, get_answer_occasion
from rights.requests.models import RequestPause, RequestStep, RightsRequest
from rights.requests.sealing import open_text
from rights.requests.selectors import get_figures, list_authorities, list_requests
from rights.requests.services.clock import (
    carry_out_due_steps,
    extend_request,
    pause_request,
    purge_old_requests,
    resume_request,
)
from rights.requests.services.closing import answer_request, close_request, link_duplicate
from rights.requests.services.decisions import AlreadyDecided, add_note, read_notes
from rights.requests.services.intake import ContactTooNew
from rights.requests.services.steps import RequestEnded, list_parts
from tests.console.pages import list_url, row_url
from tests.factories import CAST_AT, SETTING_UP
from tests.rights.cases import (
    AT,
    DAY,
    absent,
    add_phone,
    asked_by_guardian,
    decided,
    in_indus,
    naming,
    received,
    refused_to,
    verified,
    withdraw,
)

TODAY = AT.date()
MODEL = "requests/rightsrequest"
CASE, REQUEST = "desk/authoritycase", "requests/rightsrequest"
EUROPEAN = "ATBEBGCYCZDEDKEEESFIFRGRHRHUIEITLTLULVMTNLPLPTROSESISKISLINO"


def by_phone(cast):
    return received(cast, "access", identity="", channel="telephone")


def test_a_task_has_who_what_and_until_when_and_is_done_once(cast, indus):
    request, farah = received(cast, "access"), cast.actor("farah")
    told = {"kind": "other", "due_on": TODAY + 3 * DAY, "assignee": cast.user("farah")}
    task = add_task(request, detail="Ask the form teacher", **told, actor=farah, at=AT)
    assert (task.assignee_id, task.due_on, task.is_done) == (cast.user_id("farah"), TODAY + 3 * DAY, False)
    assert ("Ask the form teacher" in str(RequestTask.objects.values())) is False, "sealed"
    assert [text for _, text in read_texts(request)] == ["Ask the form teacher"]
    assert finish_task(task, actor=farah, at=AT + DAY).done_by == farah.id
    with pytest.raises(Refused, match="already done"):
        finish_task(task, actor=farah, at=AT + DAY)
    kinds = Entry.objects.filter(kind__startswith="rights_request.task").order_by("recorded_at")
    assert list(kinds.values_list("kind", flat=True)) == ["rights_request.task_added", "rights_request.task_done"]


@pytest.mark.parametrize(
    ("given", "field"), [({"due_on": TODAY - DAY}, "due_on"), ({"kind": "other", "detail": " "}, "detail")]
)
def test_a_task_needs_a_day_to_come_and_a_description(cast, indus, given, field):
    details = {"kind": "call", "due_on": TODAY, **given}
    with naming(field):
        add_task(received(cast), **details, actor=cast.actor("farah"), at=AT)


def test_a_task_is_finished_after_the_request_is_closed_too_and_its_state_stays(cast, indus):
    request, farah = decided(cast, received(cast, "question")), cast.actor("amina")
    task = add_task(request, kind="ask_client", due_on=TODAY, actor=farah, at=AT)
    answer_request(request, text="Yes.", actor=farah, at=AT)
    close_request(request, actor=farah, at=AT)
    finish_task(task, actor=farah, at=AT)
    request.refresh_from_db()
    assert request.state == "closed"
    with pytest.raises(RequestEnded):
        add_task(request, kind="call", due_on=TODAY, actor=farah, at=AT)


def test_support_auditors_and_other_clients_have_no_tasks_or_letters(cast, indus):
    request = received(cast, "access")
    task = add_task(request, kind="call", due_on=TODAY, actor=cast.actor("farah"), at=AT)
    refused_to(cast, "sana bilal celia", add_task, request, kind="call", due_on=TODAY, at=AT)
    refused_to(cast, "sana bilal celia", finish_task, task, at=AT)
    refused_to(cast, "sana bilal celia", send_letter, request, occasion="closing", text="Done", way="by_hand", at=AT)
    refused_to(cast, "sana bilal", list_tasks)
    assert not list_tasks(cast.actor("celia")).exists()


def test_a_letter_is_emailed_and_kept_sealed_and_may_pause_the_clock(cast, indus):
    request, farah = received(cast, "access"), cast.actor("farah")
    text = "Which year do you mean?"
    row = send_letter(request, occasion="clarification", text=text, way="mail", pauses=True, actor=farah, at=AT)
    message = Letter.objects.get(kind="rights_letter")
    assert (row.message_id, message.subject_id, message.related_id) == (message.pk, request.subject_id, request.pk)
    assert text not in str(RequestLetter.objects.values())
    assert [shown for _, shown in read_texts(request)] == [text]
    assert RequestPause.objects.get().cause == "clarification"
    send_letter(request, occasion="identity", text="Call us", way="by_hand", pauses=True, actor=farah, at=AT)
    assert RequestPause.objects.count() == 1, "a pause is running"
    entry = Entry.objects.filter(kind="rights_request.letter_sent").latest("recorded_at", "id")
    assert (entry.actor_id, "by_hand" in entry.body) == (farah.id, True)


def test_a_letter_to_a_new_contact_or_to_none_is_printed(cast, indus):
    request, farah = received(cast, "access"), cast.actor("farah")
    given = {"occasion": "closing", "text": "Done", "actor": farah}
    changed = {"email": "new@mail.example"}
    register_subject("lms-hamza", client=cast.client("indus"), details=changed, actor=SETTING_UP, at=AT)
    with pytest.raises(ValidationError, match="72 hours"):
        send_letter(request, way="mail", at=AT + timedelta(hours=71), **given)
    assert send_letter(request, way="mail", at=AT + timedelta(hours=72), **given).message_id is not None
    with pytest.raises(ValidationError, match="72 hours"):
        send_letter(received(cast, subject=None, channel="form"), way="mail", at=AT, **given)
    assert send_letter(request, way="by_hand", at=AT, **given).message_id is None


@pytest.mark.parametrize("occasion", sorted({*ANSWERS, Occasion.NOTICE}))
def test_answers_and_notices_are_not_written_beside_the_clock(cast, indus, occasion):
    with naming("occasion"):
        send_letter(received(cast), occasion=occasion, text="Yes", way="by_hand", actor=cast.actor("farah"), at=AT)


def test_every_occasion_has_a_template_in_both_languages_with_the_facts_of_the_request(cast, indus):
    request = received(cast, "access", "rectification")
    decided(cast, request, "refused", refusal_code="excessive", reasons="Ten times a day.")
    drafts = {(one, code): compose_letter(request, one, language=code) for one in Occasion for code in ("en", "ur")}
    assert len(set(drafts.values())) == len(drafts), "each is different"
    for (occasion, code), text in drafts.items():
        assert "Indus Schools Network" in text
        assert ("{{" in text or "{%" in text) is False
        assert (request.number in text) is (occasion not in {*ANSWERS, Occasion.NOTICE}), (occasion, code)
    refusal = drafts[Occasion.REFUSAL, "en"]
    assert absent(refusal, "Ten times a day.", "you may complain") == []
    assert "2026-10-31" in drafts[Occasion.ACKNOWLEDGEMENT, "ur"]
    assert get_answer_occasion(request) is Occasion.REFUSAL


def test_a_call_back_verifies_ends_or_leaves_a_request_and_finishes_the_task(cast, indus):
    add_phone(cast)
    request, sana = by_phone(cast), cast.actor("sana")
    assert record_call(request, outcome="not_reached", actor=sana, at=AT).state == "identity_pending"
    assert not RequestTask.objects.get().is_done
    reached = record_call(request, outcome="reached", actor=sana, at=AT)
    assert (reached.identity_method, reached.state) == ("call_back", "with_client")
    assert RequestTask.objects.get().done_by == sana.id
    assert record_call(by_phone(cast), outcome="not_them", actor=sana, at=AT).state == "withdrawn"
    entry = Entry.objects.filter(kind="rights_request.called_back").latest("recorded_at", "id")
    assert entry.actor_id == sana.id


@pytest.mark.parametrize("outcome", ["reached", "not_them"])
def test_only_a_number_that_has_been_on_file_for_72_hours_proves_anything(cast, indus, outcome):
    request, sana = by_phone(cast), cast.actor("sana")
    with pytest.raises(Refused, match="No telephone number"):
        record_call(request, outcome=outcome, actor=sana, at=AT)
    add_phone(cast, at=AT - timedelta(hours=1))
    with pytest.raises(ContactTooNew):
        record_call(request, outcome=outcome, actor=sana, at=AT + timedelta(hours=71))
    record_call(request, outcome=outcome, actor=sana, at=AT + timedelta(hours=72))


def test_a_guardian_who_made_the_request_is_called_and_written_to_not_the_child(cast, indus):
    verified(cast, at=CAST_AT)
    sana = cast.actor("sana")
    request = asked_by_guardian(cast, "rectification", identity="", channel="telephone", actor=sana)
    assert record_call(request, outcome="reached", actor=sana, at=AT).identity_method == "call_back"
    given = {"occasion": "clarification", "text": "What?", "way": "mail", "actor": cast.actor("farah")}
    send_letter(request, **given, at=AT)
    assert Letter.objects.get(kind="rights_letter").subject_id == cast.subject_id("esra")


def test_the_database_refuses_half_done_tasks_and_changed_letters(cast, indus):
    request, farah = received(cast), cast.actor("farah")
    task = add_task(request, kind="call", due_on=TODAY, actor=farah, at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        RequestTask.objects.filter(pk=task.pk).update(done_at=AT)
    send_letter(request, occasion="closing", text="Done", way="by_hand", actor=farah, at=AT)
    with pytest.raises(ProgrammingError), transaction.atomic():
        RequestLetter.objects.update(language="ur")
    row = RequestLetter.objects.get()
    row.pk, row.way = request.pk, "mail"
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def unmatched(cast, **given):
    with in_client(PAKTALEEM):
        told = {"channel": "form", "details": "My school has my old name", "contact": "hamza.lodhi@students.example"}
        return received(cast, "access", "rectification", subject=None, client="paktaleem", **{**told, **given})


def handed_over(cast, request, to="indus", by="amina"):
    with as_officer():
        return hand_over_request(request, client=cast.client(to), actor=cast.actor(by), at=AT + 2 * DAY)


def test_a_request_goes_on_at_the_client_with_its_number_clock_and_text(cast):
    old = unmatched(cast)
    with in_client(PAKTALEEM):
        pause_request(old, cause="clarification", actor=cast.actor("amina"), at=AT)
        resume_request(old, actor=cast.actor("amina"), at=AT + DAY)
        add_note(old, text="Seems to be a pupil of Indus", actor=cast.actor("amina"), at=AT + DAY)
    made = handed_over(cast, old)
    with in_client(cast.client_id("indus")):
        made.refresh_from_db()
        assert (made.number, made.received_at, made.due_at, made.channel) == (old.number, AT, AT + 30 * DAY, "form")
        assert made.expected_by == AT + 31 * DAY, "the pause counts as before"
        assert {part.kind for part in list_parts(made)} == {"access", "rectification"}
        assert open_text(made, row=made, field="details") == "My school has my old name"
        assert open_text(made, row=made, field="contact") == "hamza.lodhi@students.example"
        assert (made.state, made.subject_id, RequestPause.objects.count()) == ("triage", None, 1)
        steps = carry_out_due_steps(made.client_id, actor=SETTING_UP, at=AT + 24 * DAY)
        kinds = RequestStep.objects.filter(request=made).order_by("pk").values_list("kind", flat=True)
        assert (steps, [*kinds][-2:]) == (2, ["escalated", "reminded"]), "seven days before"
    with in_client(PAKTALEEM):
        old.refresh_from_db()
        assert (old.state, old.closed_at) == ("handed_over", AT + 2 * DAY)
        assert (old.details, old.contact) == (None, None), "the text lies with the client only"
        assert read_notes(old, actor=cast.actor("amina"))[0][2] == "Seems to be a pupil of Indus"
        entry = Entry.objects.get(kind="rights_request.handed_over")
        assert (entry.actor_id, old.number in entry.body) == (cast.user_id("amina"), True)
    with pytest.raises(RequestEnded):
        handed_over(cast, old)


def test_the_new_request_is_sealed_under_a_key_of_its_own(cast):
    old = unmatched(cast)
    made = handed_over(cast, old)
    with in_client(PAKTALEEM):
        foreign = RightsRequest.objects.get(pk=old.pk)
    with in_client(cast.client_id("indus")):
        made.refresh_from_db()
        made.wrapped, made.epoch = foreign.wrapped, foreign.epoch
        with pytest.raises(CannotOpen):
            open_text(made, row=made, field="details")


def test_officers_see_both_sides_and_the_client_its_own_only(cast, sign_in):
    old = unmatched(cast)
    made = handed_over(cast, old)
    with as_officer():
        [later] = list_other_sides(old, actor=cast.actor("amina"))
        [earlier] = list_other_sides(made, actor=cast.actor("amina"))
    assert (later.pk, later.client.name, later.state) == (made.pk, "Indus Schools Network", "triage")
    assert (earlier.pk, earlier.number, earlier.state) == (old.pk, old.number, "handed_over")
    with in_client(cast.client_id("indus")):
        farah = cast.actor("farah")
        assert list(list_requests(farah)) == [made]
        assert list_other_sides(made, actor=farah) == []
    with in_client(cast.client_id("khyber")):
        assert not list_requests(cast.actor("celia")).exists()
    assert sign_in("amina").get(row_url(MODEL, made.pk)).content.decode().count(str(old.pk)) == 1
    page = sign_in("farah").get(row_url(MODEL, made.pk))
    assert (page.status_code, str(old.pk) in page.content.decode()) == (200, False)
    assert sign_in("farah").get(row_url(MODEL, old.pk)).status_code == 404
    assert sign_in("celia").get(row_url(MODEL, made.pk)).status_code == 404


def test_only_an_officer_hands_over_and_only_what_has_no_person_decision_or_notice(cast):
    for name in ("farah", "sana", "bilal"):
        with pytest.raises(NotAllowed):
            handed_over(cast, unmatched(cast), by=name)
    with pytest.raises(ValidationError, match="already at this client"):
        handed_over(cast, unmatched(cast), to="paktaleem")
    with in_client(cast.client_id("khyber")):
        assigned = received(cast, "access", subject="kiran", client="khyber")
    with pytest.raises(Refused, match="assigned to a person"):
        handed_over(cast, assigned)
    extended = unmatched(cast)
    with in_client(PAKTALEEM):
        extend_request(extended, days=5, text="We look for it", actor=cast.actor("amina"), at=AT)
        complaint = received(cast, "complaint", subject=None, client="paktaleem")
        decided(cast, complaint)
    with pytest.raises(ValidationError, match="extended"):
        handed_over(cast, extended)
    with pytest.raises(AlreadyDecided):
        handed_over(cast, complaint)


def test_figures_count_a_request_that_was_handed_over_once_at_the_client_where_it_goes_on(cast):
    made = handed_over(cast, unmatched(cast))
    with as_officer():
        found = get_figures(cast.actor("amina"), since=AT - DAY)
    assert {(one.client_id, one.received) for one in found} == {(made.client_id, 1)}
    assert [one.kind for one in found] == ["access", "rectification"]


def test_a_request_that_was_handed_to_the_wrong_client_comes_back(cast):
    first = handed_over(cast, unmatched(cast), to="indus")
    back = handed_over(cast, handed_over(cast, first, to="khyber"), to="indus")
    with in_client(cast.client_id("indus")):
        assert (back.number, back.pk == first.pk, back.is_open) == (first.number, False, True)
        assert open_text(back, row=back, field="details") == "My school has my old name"
        back.pk = new_id()
        with pytest.raises(IntegrityError, match="rights_number_once"), transaction.atomic():
            back.save(force_insert=True)


def test_an_officer_hands_a_request_over_in_the_console(cast, sign_in):
    old, amina = unmatched(cast), sign_in("amina")
    url = row_url(MODEL, old.pk, "hand-over")
    with as_officer():
        offered = list(Client.objects.exclude(pk=PAKTALEEM).values_list("pk", flat=True))
    page = amina.get(url).content.decode()
    assert all(str(key) in page for key in offered)
    assert amina.post(url, {"client": ""}).status_code == 200
    answer = amina.post(url, {"client": str(cast.client_id("indus"))})
    assert answer.status_code == 302
    with in_client(cast.client_id("indus")):
        made = RightsRequest.objects.get()
        assert answer["Location"].endswith(f"{made.pk}/change/")
    queue = amina.get(f"{list_url(MODEL)}?progress=all").content.decode()
    assert queue.count(old.number) == 2


def opened(cast, request=None, **given):
    told: dict[str, Any] = {"authority": "High Court", "reference": "RFA/17", "opened_on": TODAY}
    told |= {"actor": cast.actor("farah"), "at": AT, **given}
    return open_case(request or received(cast, "complaint"), **told)


def by(cast, at=AT):
    return {"actor": cast.actor("farah"), "at": at}


def test_a_case_is_sealed_with_its_request_and_its_deadline_is_a_task(cast, indus):
    request = received(cast, "complaint")
    case = opened(cast, request, due_on=TODAY + 5 * DAY)
    assert "RFA/17" not in str(AuthorityCase.objects.values())
    assert ("High Court · Reference number of the authority", "RFA/17") in read_texts(request)
    task = RequestTask.objects.get(kind="authority")
    assert (task.due_on, task.request_id, task.is_done) == (TODAY + 5 * DAY, case.request_id, False)
    refused_to(cast, "sana bilal celia", opened, cast, request)


@pytest.mark.parametrize(
    ("given", "field"), [({"opened_on": TODAY + 2 * DAY}, "opened_on"), ({"due_on": TODAY - DAY}, "due_on")]
)
def test_a_wrong_case_names_its_field(cast, indus, given, field):
    with naming(field):
        opened(cast, **given)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "measures"),
        ({"measures": "x" * 8001}, "measures"),
        ({"measures": "x", "ended_on": TODAY + 2 * DAY}, "ended_on"),
        ({"measures": "x", "ended_on": TODAY - DAY}, "ended_on"),
    ],
)
def test_a_wrong_outcome_names_its_field(cast, indus, given, field):
    upheld = {"outcome": "upheld", "ended_on": TODAY, **given}
    with naming(field):
        end_case(opened(cast), **upheld, **by(cast))


def test_the_request_is_closed_only_with_the_outcome(cast, indus):
    request = received(cast, "complaint")
    case, amina = opened(cast, request, due_on=TODAY + 9 * DAY), cast.actor("amina")
    decided(cast, request, "granted")
    answer_request(request, text="You are right.", actor=amina, at=AT)
    with pytest.raises(Refused, match="A supervisory authority’s case about this"):
        close_request(request, actor=amina, at=AT)
    end_case(case, outcome="upheld", ended_on=TODAY, measures="Staff are trained.", **by(cast))
    assert RequestTask.objects.get(kind="authority").done_at == AT
    assert "Staff are trained." in [text for _, text in read_texts(request)]
    with pytest.raises(Refused, match="This case has an outcome already"):
        end_case(case, outcome="settled", ended_on=TODAY, **by(cast))
    assert close_request(request, actor=amina, at=AT).state == "closed"


def test_the_directory_names_authorities_and_says_where_there_is_none():
    authorities = list_authorities(AT)
    for code, authority in authorities.items():
        assert len(code) == 2
        assert authority.name.strip() == authority.name != ""
        assert not authority.url or authority.url.startswith("https://")
    assert "PK" not in authorities
    assert set(re.findall("..", EUROPEAN)) <= set(authorities)


def test_the_desk_records_a_case_from_a_complaint_to_its_outcome(sign_in, cast):
    now = timezone.now()
    request = received(cast, "complaint", at=now)
    farah, today = sign_in("farah"), now.date().isoformat()
    url, near = row_url(REQUEST, request.pk, "authority-case"), (now + timedelta(days=2)).date().isoformat()
    for wrong in ({"country": "", "authority": ""}, {"country": "GB", "authority": "High Court"}):
        page = farah.post(url, {**wrong, "opened_on": today}).content.decode()
        assert "Choose an authority, or name another one." in page
    begin = {"country": "GB", "reference": "RFA/17", "opened_on": today, "due_on": near}
    assert farah.post(url, begin).status_code == 302
    case = in_indus(cast, AuthorityCase.objects.get)
    assert "Information Commissioner" in farah.get(row_url(REQUEST, request.pk)).content.decode()
    assert "Information Commissioner" in farah.get(list_url(CASE)).content.decode()
    assert "Deadlines of authorities" in farah.get("/admin/").content.decode()
    tasks = farah.get("/admin/desk/requesttask/?progress=authorities").content.decode()
    assert absent(tasks, "Answer the supervisory authority", near) == []
    assert "RFA/17" not in farah.get(row_url(CASE, case.pk)).content.decode()
    assert "RFA/17" in farah.post(row_url(REQUEST, request.pk, "read"), {"reason": "review"}).content.decode()
    end = row_url(CASE, case.pk, "end")
    assert farah.post(end, {"outcome": "upheld", "ended_on": today}).status_code == 200, "measures are missing"
    assert farah.post(end, {"outcome": "rejected", "ended_on": today}).status_code == 302
    assert "Deadlines of authorities" not in farah.get("/admin/").content.decode()
    assert "Rejected" in farah.get(row_url(CASE, case.pk)).content.decode()
    assert sign_in("celia").get(row_url(CASE, case.pk)).status_code == 404


def test_a_request_with_an_open_case_is_not_closed_as_a_duplicate(cast, indus):
    first, later = received(cast, "complaint"), received(cast, "complaint")
    opened(cast, later)
    with pytest.raises(Refused, match="A supervisory authority’s case about this"):
        link_duplicate(later, other=first, actor=cast.actor("amina"), at=AT)


def test_a_case_goes_on_after_the_person_has_withdrawn_the_request(cast, indus):
    request = received(cast, "complaint")
    case = opened(cast, request)
    withdraw(cast, request)
    later = by(cast, at=AT + 2 * DAY)
    add_note(request, text="Our statement to the court.", **later)
    task = add_task(request, kind="authority", due_on=TODAY + 9 * DAY, **later)
    end_case(case, outcome="upheld", ended_on=TODAY, measures="Staff are trained.", **later)
    for row in (request, task):
        row.refresh_from_db()
    assert (request.state, task.done_at) == ("withdrawn", later["at"])
    with pytest.raises(RequestEnded):
        add_task(request, kind="authority", due_on=TODAY + 9 * DAY, **later)


def test_an_authority_may_write_after_the_request_was_closed_but_not_about_a_duplicate(cast, indus):
    closed = answer_request(decided(cast, received(cast, "complaint")), text="No.", actor=cast.actor("amina"), at=AT)
    close_request(closed, actor=cast.actor("amina"), at=AT)
    assert opened(cast, closed).is_open
    first, later = received(cast, "complaint"), received(cast, "complaint")
    link_duplicate(later, other=first, actor=cast.actor("amina"), at=AT)
    duplicate = RightsRequest.objects.get(state="duplicate")
    with pytest.raises(RequestEnded):
        opened(cast, duplicate)


def test_texts_are_kept_as_long_as_an_authority_has_a_case(cast, indus):
    request, robot = received(cast, "complaint"), system_actor("rights.purge")
    case = opened(cast, request)
    withdraw(cast, request)
    after = AT + 2000 * DAY
    assert purge_old_requests(request.client_id, actor=robot, at=after) == 0
    end_case(case, outcome="rejected", ended_on=TODAY, **by(cast, at=after))
    assert purge_old_requests(request.client_id, actor=robot, at=after) == 1

"""Tasks, letters and call-backs: what staff do about a request, who may, and what is kept."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, transaction

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.models import Entry
from rights.desk.models import RequestLetter, RequestTask
from rights.desk.selectors import list_tasks, read_texts
from rights.desk.services import add_task, finish_task, record_call, send_letter
from rights.requests.letters import ANSWERS, Occasion, compose_letter, get_answer_occasion
from rights.requests.models import RequestPause
from rights.requests.services.closing import answer_request, close_request
from rights.requests.services.intake import ContactTooNew
from rights.requests.services.steps import RequestEnded
from tests.factories import CAST_AT, SETTING_UP
from tests.rights.cases import (
    AT,
    DAY,
    absent,
    add_phone,
    asked_by_guardian,
    decided,
    naming,
    received,
    refused_to,
    verified,
)

TODAY = AT.date()


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

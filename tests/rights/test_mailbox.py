"""An email becomes a request of an unverified sender, is acknowledged once, and is never proof of anything."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import override_settings
from django.utils.timezone import now

from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.tenancy.context import as_officer, in_client
from rights.desk.models import RequestTask
from rights.desk.services import finish_task, hand_over_request
from rights.mailbox.admin import describe_content
from rights.mailbox.contents import open_content
from rights.mailbox.intake import take_mail
from rights.mailbox.models import CaseAddress, MailMessage
from rights.mailbox.services import (
    list_file_sizes,
    make_request_of_message,
    purge_settled_messages,
    read_message,
    read_messages_of_request,
    settle_message,
    take_file,
)
from rights.requests.models import RequestStep, RightsRequest
from rights.requests.services.closing import answer_request, close_request
from rights.requests.services.decisions import decide_part
from rights.requests.services.steps import list_parts
from tests.access_links.visiting import send, visitor
from tests.console.pages import list_url, row_url
from tests.rights.cases import AT, DAY, absent, naming, present, refused_to
from tests.rights.mails import SENDER, US, content_of, list_mail, list_requests, made, taken, work
from tests.rights.test_public_pages import asked

HAMZA = "hamza.lodhi@students.example"
pytestmark = pytest.mark.usefixtures("own_address")


def case_address():
    return str(mail.outbox[-1].reply_to[0])


def test_an_email_becomes_a_question_of_paktaleem_with_its_texts_sealed(cast):
    message = taken(made("Where is Hamza's data?"))
    [request] = list_requests()
    assert (request.channel, request.state, request.subject_id) == ("mail", "in_review", None)
    assert request.client.code == "paktaleem"
    assert (message.state, message.request_id, message.wrapped) == ("request", request.pk, None)
    with in_client(request.client_id), connection.cursor() as cursor:
        assert [part.kind for part in list_parts(request)] == ["question"]
        cursor.execute(
            "SELECT to_jsonb(m)::text || to_jsonb(r)::text FROM mailbox_mailmessage m, requests_rightsrequest r"
        )
        stored = cursor.fetchone()[0]
        texts = read_messages_of_request(request, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now())
    assert present(stored, "Hamza", SENDER) == []
    assert [content.mail and content.mail.text for _, content in texts] == ["Where is Hamza's data?"]


def test_an_email_of_a_person_on_file_belongs_to_their_client_and_only_the_contact_on_file_is_sent_a_link(cast):
    taken(made(sender=f"Hamza Lodhi <{HAMZA}>", Reply_To="thief@elsewhere.example"))
    work()
    [request] = list_requests()
    assert request.client.code == "indus"
    assert (request.subject_id, request.identity_verified_at) == (cast.subject_id("hamza"), None)
    assert {one.to[0] for one in mail.outbox} == {HAMZA}
    assert any("/requests/link/" in one.body for one in mail.outbox)


def acknowledgement(contact):
    mail.outbox.clear()
    taken(made(f"About {contact}", sender=contact, Subject="Give me EVERYTHING"))
    work()
    sent = next(one for one in mail.outbox if one.extra_headers["Auto-Submitted"] == "auto-replied")
    assert sent.to == [contact]
    assert sent.from_email == "<>"
    headers = dict(sent.message().items())
    for varying in ("Message-ID", "Date", "To", "Content-Type"):
        headers.pop(varying)
    assert headers.pop("Reply-To").startswith("privacy+")
    return str(sent.subject), str(sent.body), headers


def test_the_acknowledgement_is_the_same_for_everyone_and_repeats_nothing(cast):
    with in_client(cast.client_id("indus")):
        junaid = cast.subject("junaid")
        erase_subject(junaid, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now())
    contacts = [HAMZA, "nobody@mail.example", "junaid.mirza@school.example", "kiran.tareen@mail.example"]
    first, *others = [acknowledgement(contact) for contact in [*contacts, "esra.qureshi@mail.example"]]
    assert all(other == first for other in others)
    assert "EVERYTHING" not in str(first)
    assert "/requests/" in first[1]
    with as_officer():
        zone = ZoneInfo(cast.client("paktaleem").time_zone)
    due = (now() + 30 * DAY).astimezone(zone).date().isoformat()
    assert f"You have an answer by {due}" in first[1]
    assert "In-Reply-To" not in first[2]


def test_the_acknowledgement_is_in_urdu_if_the_email_is(cast):
    taken(made("میری معلومات کے بارے میں بتائیں", Subject="سوال"))
    work()
    assert "ای میل" in mail.outbox[0].subject


def test_an_address_is_acknowledged_once_a_day_and_its_address_is_then_deleted(cast):
    for number, tag in enumerate(["", "+a", "+b", ""]):
        taken(made(f"Question {number}", sender=SENDER.replace("@", f"{tag}@")))
    work()
    assert len(mail.outbox) == 1
    assert len(list_requests()) == 4
    with as_officer():
        letter = Letter.objects.get(kind="mailbox_acknowledged")
    assert (letter.to_address, letter.address, letter.wrapped, letter.context) == (True, None, None, None)


def test_more_than_ten_requests_of_an_address_in_a_day_are_set_aside(cast):
    states = [taken(made(f"Question {number}")).state for number in range(12)]
    assert states == ["request"] * 10 + ["aside"] * 2
    assert {one.aside_reason for one in list_mail() if one.direction == "in"} == {"", "quota"}


def test_forged_senders_cause_at_most_three_emails_a_day_to_one_address(cast):
    for number in range(12):
        taken(made(f"Question {number}", sender=HAMZA))
    work()
    assert [one.to for one in mail.outbox] == [[HAMZA]] * 3


def test_two_robots_that_answer_each_other_stop_at_one(cast):
    taken(made("Robot 0", sender="robot@mail.example"))
    work()
    for number in range(1, 20):
        answer = mail.outbox[-1]
        to = answer.reply_to[0] if number % 2 else US
        reply = made(f"Robot {number}", sender="robot@mail.example", To=to, Subject=f"Re: {answer.subject}")
        taken(reply)
        work()
    assert len(mail.outbox) == 1


def test_a_reply_to_a_case_is_added_to_it_and_changes_neither_identity_nor_dates_and_sends_nothing(cast):
    taken(made(sender=HAMZA))
    work()
    [before] = list_requests()
    count = len(mail.outbox)
    by_address = made("It is me, really", sender="thief@elsewhere.example", To=case_address())
    by_reference = made(
        "And this", sender="thief@elsewhere.example", In_Reply_To=mail.outbox[-1].extra_headers["Message-ID"]
    )
    for reply in (by_address, by_reference):
        message = taken(reply)
        assert (message.state, message.request_id) == ("added", before.pk)
    work()
    [after] = list_requests()
    assert len(mail.outbox) == count
    for field in ("state", "identity_verified_at", "subject_id", "due_at", "expected_by", "answer_by"):
        assert getattr(after, field) == getattr(before, field)
    with in_client(after.client_id):
        kinds = RequestStep.objects.filter(request=after).values_list("kind", flat=True)
        assert list(kinds)[-2:] == ["message_received", "message_received"]


def test_addresses_of_cases_are_random_and_only_their_hashes_are_stored(cast):
    found = set()
    for number in range(3):
        taken(made(f"Q{number}", sender=f"one{number}@mail.example"))
        work()
        found.add(case_address())
    assert len(found) == 3
    with as_officer():
        stored = "".join(CaseAddress.objects.values_list("token_hash", flat=True))
    assert not any(one.partition("+")[2].partition("@")[0] in stored for one in found)
    wrong = taken(made("Guess", To=f"privacy+{'a' * 26}@portal.example"))
    assert wrong.state == "request"


def test_a_reply_to_a_case_that_has_ended_is_a_new_request(cast):
    taken(made())
    work()
    address, [request], amina = case_address(), list_requests(), cast.actor("amina")
    with in_client(request.client_id):
        decide_part(list_parts(request)[0], decision="granted", actor=amina, at=now())
        close_request(answer_request(request, text="Done.", actor=amina, at=now()), actor=amina, at=now())
    assert taken(made("One more thing", To=address)).state == "request"
    assert len(list_requests()) == 2


def test_the_clock_starts_when_the_mailbox_received_the_email(cast):
    arrived = now() - 2 * DAY
    take_mail(made(), received_at=arrived)
    take_mail(made("A year in the mailbox", sender="two@mail.example"), received_at=now() - 365 * DAY)
    take_mail(made("From tomorrow", sender="three@mail.example"), received_at=now() + DAY)
    first, old, coming = list_requests()
    assert first.received_at == arrived
    assert now() - old.received_at < 30 * DAY
    assert coming.received_at <= now()


def test_the_same_text_within_a_day_is_linked_and_makes_no_second_request(cast):
    first, again = taken(made(Message_ID="<1@x.example>")), taken(made(Message_ID="<2@x.example>"))
    assert (again.state, again.request_id, again.content) == ("repeated", first.request_id, None)
    assert len(list_requests()) == 1
    with in_client(first.client_id):
        MailMessage.objects.filter(pk=first.pk).update(received_at=now() - 2 * DAY)
        MailMessage.objects.filter(pk=again.pk).update(received_at=now() - 2 * DAY)
    assert taken(made(Message_ID="<3@x.example>")).state == "request"


def test_the_same_text_makes_a_new_request_once_the_earlier_one_has_ended_or_was_settled(cast):
    first = taken(made(Message_ID="<1@x.example>"))
    with in_client(first.client_id):
        RightsRequest.objects.update(state="withdrawn", closed_at=now())
    assert taken(made(Message_ID="<2@x.example>")).state == "request"
    aside = taken(made("Out of office", Message_ID="<3@x.example>", Auto_Submitted="auto-replied"))
    assert taken(made("Out of office", Message_ID="<4@x.example>", Auto_Submitted="auto-replied")).state == "repeated"
    with in_client(aside.client_id):
        settle_message(aside, actor=cast.actor("amina"), at=now())
    assert taken(made("Out of office", Message_ID="<5@x.example>")).state == "request"


def test_the_same_short_answer_to_two_cases_is_added_to_both(cast):
    addresses = []
    for number in range(2):
        taken(made(f"Question {number}", sender=f"one{number}@mail.example"))
        work()
        addresses.append(case_address())
    answers = [taken(made("Yes", To=to, Message_ID=f"<{number}@y.example>")) for number, to in enumerate(addresses)]
    assert [one.state for one in answers] == ["added", "added"]
    assert len({one.request_id for one in answers}) == 2
    assert taken(made("Yes", To=addresses[0], Message_ID="<2@y.example>")).state == "repeated"


SCRIPT = b"<script>alert(1)</script>"


def with_attachment():
    return made("Text", file=("../../ev\x1bil.html", SCRIPT))


def test_a_request_that_goes_on_at_its_client_takes_its_emails_and_files_along(cast):
    first, amina = taken(with_attachment()), cast.actor("amina")
    work()
    address, [request] = case_address(), list_requests()
    taken(made("More", To=address))
    for number, code in enumerate(("khyber", "paktaleem", "indus")):  # wrong twice, so it also comes back
        with as_officer():
            request = hand_over_request(request, client=cast.client(code), actor=amina, at=now())
        last = taken(made(f"And {code}", To=address))
        assert (last.state, last.request_id) == ("added", request.pk)
        given = {"actor": amina, "reason": Reason.REVIEW, "at": now()}
        with in_client(cast.client_id(code)):
            found = read_messages_of_request(request, **given)
            texts = [content.mail.text.strip() for _, content in found if content.mail is not None]
            assert texts[:2] == ["Text", "More"]
            assert len(texts) == 3 + number
            message = found[0][0]
            assert (message.state, message.received_at, message.files) == ("request", first.received_at, 1)
            [(file, _size)] = list_file_sizes(message)
            assert take_file(message, file=file, **given).content == SCRIPT
    with in_client(first.client_id):
        first.refresh_from_db()
        assert (first.state, first.content, first.content_key, first.files) == ("moved", None, None, 0)
        with pytest.raises(Refused, match="no text of its own"):
            read_message(first, **given)
        step = RequestStep.objects.filter(kind="handed_over").order_by("at", "id")[0]
        assert step.facts["messages"] == 2
    assert take_mail(with_attachment()) is None, "the email is still recognised"


def test_an_email_that_is_added_to_a_case_gives_staff_one_task_until_it_is_done(cast):
    taken(made())
    work()
    address, [request] = case_address(), list_requests()
    for number in range(2):
        taken(made(f"More {number}", To=address))
    with in_client(request.client_id):
        [task] = RequestTask.objects.filter(request=request)
        assert (task.kind, task.assignee_id, task.is_done) == ("read", request.assignee_id, False)
        finish_task(task, actor=cast.actor("amina"), at=now())
    taken(made("More again", To=address))
    with in_client(request.client_id):
        assert [one.is_done for one in RequestTask.objects.filter(request=request).order_by("pk")] == [True, False]


def test_attachments_are_sealed_and_leave_only_as_a_recorded_download_and_go_with_the_requests_key(cast):
    message, amina = taken(with_attachment()), cast.actor("amina")
    with in_client(message.client_id):
        [file] = SealedFile.objects.filter(package=message.pk)
        assert (file.subject_id, file.kind, message.files) == (None, "other", 1)
        given: dict[str, Any] = {"file": file.pk, "reason": Reason.REVIEW, "at": now()}
        found = take_file(message, actor=amina, **given)
        assert (found.name, found.content) == ("evil.html", SCRIPT)
        assert Entry.objects.filter(kind="message.file_taken").count() == 1
        refused_to(cast, "bilal sana", take_file, message, **given)
        assert message.request is not None
        RightsRequest.objects.filter(pk=message.request.pk).update(wrapped=None, epoch=None)
        with pytest.raises(CannotOpen):
            take_file(message, actor=amina, **given)


def test_an_officer_makes_a_request_of_what_was_set_aside_with_the_clock_of_its_receipt(cast):
    arrived = now() - 3 * DAY
    message = taken(made("Delete me", Precedence="bulk"), received_at=arrived)
    assert (message.state, message.aside_reason, list_requests()) == ("aside", "list", [])
    amina = cast.actor("amina")
    with in_client(message.client_id):
        request = make_request_of_message(message, kinds=["erasure"], actor=amina, at=now())
        assert (request.received_at, request.state) == (arrived, "triage")
        message.refresh_from_db()
        assert (message.wrapped, message.request_id, message.state) == (None, request.pk, "request")
        assert open_content(message).mail is not None
        with pytest.raises(Refused, match="This message does not wait for anyone"):
            settle_message(message, actor=amina, at=now())
    work()
    assert mail.outbox == []


def test_a_settled_message_is_deleted_later_and_only_officers_settle(cast):
    message = taken(made(Auto_Submitted="auto-generated"))
    with in_client(message.client_id):
        with pytest.raises(NotAllowed):
            settle_message(message, actor=cast.actor("sana"), at=now())
        settle_message(message, actor=cast.actor("amina"), at=now())
        assert purge_settled_messages(message.client_id, at=now() + 29 * DAY) == 0
        assert purge_settled_messages(message.client_id, at=now() + 31 * DAY) == 1
        with pytest.raises(CannotOpen):
            read_message(message, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now())


def test_an_answer_about_data_never_goes_to_an_address_that_is_not_verified(cast):
    message, amina = taken(made(Precedence="bulk")), cast.actor("amina")
    with in_client(message.client_id):
        request = make_request_of_message(message, kinds=["question", "access"], actor=amina, at=now())
        refusal = {"decision": "refused", "refusal_code": "no_match", "reasons": "Unknown."}
        for part in list_parts(request):
            decide_part(part, actor=amina, at=now(), **refusal)
        given: dict[str, Any] = {"text": "All of it", "to_contact": True, "at": now()}
        refused_to(cast, "farah", answer_request, request, **given)
        with naming("to_contact"):
            answer_request(request, **given, actor=amina)


@pytest.mark.parametrize(
    "columns",
    [
        {"wrapped": b"x", "epoch": 1},
        {"letter": "00000000-0000-7000-8000-000000000000"},
        {"message_key": None},
        {"request": None},
    ],
)
def test_the_database_refuses_a_broken_message(cast, columns):
    message = taken(made())
    with in_client(message.client_id), pytest.raises(IntegrityError), transaction.atomic():
        MailMessage.objects.filter(pk=message.pk).update(**columns)


@override_settings(MAILBOX_AUTHSERV="mx.portal.example")
def test_only_the_results_of_our_own_server_are_shown_and_they_change_nothing(cast):
    ours = "mx.portal.example; dmarc=fail (p=none) header.from=students.example; spf=fail"
    theirs = "mx.elsewhere.example; dmarc=pass; spf=pass"
    forged = "mx.portal.example; dmarc=pass"
    lines = [f"Authentication-Results: {one}" for one in (theirs, ours, forged)]
    message = taken("\r\n".join(lines).encode() + b"\r\n" + made(sender=HAMZA))
    shown = dict(describe_content(content_of(message)))
    assert shown["Checked by our mail server"] == "dmarc=fail, spf=fail"
    work()
    assert list_requests()[0].identity_verified_at is None


def acknowledged():
    return [one.to[0] for one in mail.outbox if one.extra_headers["Auto-Submitted"] == "auto-replied"]


def test_form_own_page_and_email_together_send_three_messages_a_day_to_an_address(cast):
    asked(HAMZA)
    work()
    assert send(visitor(), "/requests/follow/indus/", contact=HAMZA).status_code == 302
    work()
    assert [one.to for one in mail.outbox] == [[HAMZA]] * 2, "a link and a code"
    taken(made(sender=HAMZA))
    work()
    assert acknowledged() == [HAMZA]
    assert [one.to for one in mail.outbox] == [[HAMZA]] * 3, "the link of the email would be the fourth"
    asked(HAMZA)
    assert send(visitor(), "/requests/follow/indus/", contact=HAMZA).status_code == 302
    taken(made("Again", sender=HAMZA))
    work()
    assert len(mail.outbox) == 3
    assert len(list_requests()) == 4, "every request is still taken"


def test_an_address_with_a_tag_that_is_not_on_file_counts_as_the_one_without(cast):
    for _ in range(3):
        asked(HAMZA)
    work()
    assert len(mail.outbox) == 3
    taken(made(sender="Hamza.Lodhi+new@students.example"))
    taken(made(sender=SENDER))
    work()
    assert acknowledged() == [SENDER]
    assert len(list_requests()) == 5


# The mailbox at the desk: the list, reading, downloads, what was set aside, and the answer to a question.


MESSAGE, REQUEST = "mailbox/mailmessage", "requests/rightsrequest"
SCRIPTED = "<script>alert(1)</script>"


def with_file():
    file = ('a"b\u202e.html', SCRIPTED.encode())
    return taken(made(f"Please {SCRIPTED}", sender=f'"{SCRIPTED}" <{SENDER}>', file=file, Subject=SCRIPTED))


def entries(kind, message):
    with in_client(message.client_id):
        return Entry.objects.filter(kind=kind).count()


def test_the_list_shows_direction_state_and_case_and_nothing_of_the_text(sign_in, cast):
    with_file()
    work()
    taken(made(Precedence="bulk"))
    amina = sign_in("amina")
    page = amina.get(list_url(MESSAGE)).content.decode()
    number = list_requests()[0].number
    assert absent(page, "Received", "Sent", "Became a request", "Acknowledgement", "Set aside", number) == []
    assert SENDER not in page
    first = amina.get("/admin/").content.decode()
    assert f"{list_url(MESSAGE)}?progress=open" in first
    waiting = amina.get(f"{list_url(MESSAGE)}?progress=open").content.decode()
    assert ("Set aside" in waiting, number in waiting) == (True, False)


def test_reading_is_recorded_and_shows_scripts_as_text(sign_in, cast):
    message = with_file()
    for name, status in (("sana", 403), ("bilal", 403), ("amina", 200)):
        assert sign_in(name).get(row_url(MESSAGE, message.pk, "read")).status_code == status
    amina = sign_in("amina")
    assert SCRIPTED not in amina.get(row_url(MESSAGE, message.pk)).content.decode()
    page = amina.post(row_url(MESSAGE, message.pk, "read"), {"reason": "review"}).content.decode()
    assert ("Please &lt;script&gt;" in page, SCRIPTED in page) == (True, False)
    assert entries("message.read", message) == 1
    on_request = amina.post(row_url(REQUEST, message.request_id, "messages"), {"reason": "review"}).content.decode()
    assert "Please &lt;script&gt;" in on_request
    assert entries("rights_request.read", message) == 1
    panel = amina.get(row_url(REQUEST, message.request_id)).content.decode()
    assert row_url(MESSAGE, message.pk) in panel


def test_a_file_is_downloaded_as_bytes_of_no_type(sign_in, cast):
    message, amina = with_file(), sign_in("amina")
    with in_client(message.client_id):
        file = SealedFile.objects.get(package=message.pk)
    url = row_url(MESSAGE, message.pk, "file")
    form = amina.get(url).content.decode()
    assert ("File 1" in form, "a&quot;b" in form) == (True, False)
    answer = amina.post(url, {"file": str(file.pk), "reason": "review"})
    assert answer.content == SCRIPTED.encode()
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a_b.html"'
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert entries("message.file_taken", message) == 1
    other = amina.post(url, {"file": "01900000-0000-7000-8000-000000000001", "reason": "review"})
    assert other.status_code == 200, "the form with an error"
    assert entries("message.file_taken", message) == 1


def test_the_answer_to_a_question_goes_to_the_address_given_only_if_the_officer_says_so(sign_in, cast):
    taken(made())
    [request], amina = list_requests(), sign_in("amina")
    with in_client(request.client_id):
        decide_part(list_parts(request)[0], decision="granted", actor=cast.actor("amina"), at=AT)
    url = row_url(REQUEST, request.pk, "answer")
    assert "Send it to the address in the request" in amina.get(url).content.decode()
    assert amina.post(url, {"text": "See our page.", "to_contact": "on"}).status_code == 302
    mail.outbox.clear()
    work()
    assert [one.to for one in mail.outbox if "See our page." in one.body] == [[SENDER]]

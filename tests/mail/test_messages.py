"""Messages: enqueued in the caller's transaction, sent by the worker, recorded without an address."""

import json
import smtplib
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.db import IntegrityError, connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.directory.mail.delivery import RETRY_DELAYS, deliver_message
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.rendering import render
from paktaleem.directory.mail.selectors import list_messages, list_messages_about
from paktaleem.directory.mail.services import (
    GRACE,
    declare_message,
    list_message_kinds,
    requeue_stalled_messages,
    resend_message,
    send_message,
)
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.canonical import commitment
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.sealing import Sealed
from paktaleem.foundation.tenancy.rows import new_id
from tests.mail.conftest import VALUES

WORKER = system_actor("mail.deliver")


@pytest.fixture
def asked(cast, indus, now):
    def ask(name="hamza", **details):
        given = {"context": VALUES, "actor": cast.key_actor("indus"), "at": now, **details}
        return send_message("test_greeting", to=cast.subject(name), client_id=indus.pk, **given)

    return ask


def deliver(letter, at):
    return deliver_message(letter.id, client_id=letter.client_id, actor=WORKER, at=at)


def jobs(letter):
    return ProcrastinateJob.objects.filter(task_name="mail.deliver", args__letter=str(letter.id)).order_by("id")


def bodies(kind):
    return [json.loads(entry.body) for entry in Entry.objects.filter(kind=kind).order_by("id")]


def test_an_email_goes_to_the_current_address_of_the_person(asked, now, mailoutbox):
    letter = asked()
    assert deliver(letter, now).state == "sent"
    [sent] = mailoutbox
    assert sent.to == ["hamza.lodhi@students.example"]
    assert sent.subject == "Your page at Indus Schools Network"
    assert sent.body == f"Here is your page: <K4711>\n\n{VALUES['url']}\n\nKind regards & thanks\n"
    assert sent.extra_headers["Message-ID"] == f"<{letter.id}@localhost>"
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"


def test_the_html_says_direction_and_holds_nothing_to_count(asked, now, mailoutbox):
    deliver(asked("esra"), now)
    [page] = [one.content for one in mailoutbox[0].alternatives]
    assert '<html lang="ur" dir="rtl">' in page
    assert f'<a href="{VALUES["url"]}" dir="ltr">' in page
    assert not any(tag in page for tag in ("<img", "<style", "<link", "<script"))


def test_html_escapes_what_it_is_given():
    page = render("test_greeting", language="en", channel="mail", values={**VALUES, "client": "A & B"}).html
    assert "&lt;K4711&gt;" in page
    assert "A &amp; B" in page


def test_neither_row_nor_job_holds_an_address_or_the_words(asked, indus):
    letter = asked()
    [job] = jobs(letter)
    assert job.args == {"client": str(indus.pk), "letter": str(letter.id)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(l)::text FROM mail_letter l WHERE id = %s", [letter.id])
        [row] = cursor.fetchone()
    assert not any(secret in row for secret in ("hamza", "students.example", "K4711", VALUES["url"]))
    assert isinstance(Letter.objects.get(pk=letter.pk).context, Sealed)


def test_a_rolled_back_act_sends_no_email(asked):
    with transaction.atomic():
        letter = asked()
        transaction.set_rollback(True)
    assert not Letter.objects.filter(pk=letter.pk).exists()
    assert not jobs(letter).exists()


def test_that_it_was_sent_is_proved_by_commitments_alone(asked, cast, now, mailoutbox):
    about = new_id()
    letter = asked(related_id=about)
    deliver(letter, now)
    [body] = bodies("letter.sent")
    facts = body["facts"]
    assert (facts["letter"], facts["kind"]) == (str(letter.id), "test_greeting")
    assert (facts["related"], facts["attempts"]) == (str(about), 1)
    assert "hamza" not in str(body)
    sealer = sealer_of(cast.subject("hamza"))
    entry = Entry.objects.get(kind="letter.sent")
    salt = bytes.fromhex(sealer.open(Sealed(bytes(entry.openings or b"")), column="audit_entry.openings"))
    address, text = commitment("hamza.lodhi@students.example", salt), commitment(mailoutbox[0].body, salt)
    assert facts["commitments"] == {"address": address, "text": text}
    [proof] = list_messages_about(about, actor=cast.actor("farah"))
    assert (proof.state, proof.attempts, proof.sent_at) == ("sent", 1, now)


def test_once_sent_the_context_is_deleted_and_a_second_run_sends_nothing(asked, now, mailoutbox):
    letter = asked()
    deliver(letter, now)
    assert deliver(letter, now) is None
    assert len(mailoutbox) == 1
    assert Letter.objects.get(pk=letter.pk).context is None


def test_emails_to_staff_are_sealed_under_the_keyring_and_disabled_staff_get_none(cast, indus, now, mailoutbox):
    given = {"to": cast.user("farah"), "client_id": indus.pk, "context": VALUES, "actor": WORKER, "at": now}
    letter, later = (send_message("test_greeting", **given) for _ in range(2))
    assert b"K4711" not in Letter.objects.get(pk=letter.pk).context.ciphertext
    deliver(letter, now)
    User.objects.filter(pk=cast.user_id("farah")).update(is_active=False)
    assert deliver(later, now).last_error == "recipient_gone"
    assert [one.to for one in mailoutbox] == [["farah@indus.example"]]
    [body] = bodies("letter.sent")
    assert (body["facts"]["user"], "farah" in str(body)) == (str(cast.user_id("farah")), False)


def let_server_raise(monkeypatch, error):
    send = Mock(side_effect=error)
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", send)


def test_a_server_that_does_not_answer_is_asked_again_later_and_later(asked, cast, now, monkeypatch, mailoutbox):
    letter, at = asked(context=VALUES), now
    Letter.objects.filter(pk=letter.pk).update(expires_at=None)
    let_server_raise(monkeypatch, OSError("away"))
    for wait in RETRY_DELAYS:
        tried = deliver(letter, at)
        assert (tried.state, tried.last_error, tried.due_at) == ("queued", "unreachable", at + wait)
        assert jobs(letter).last().scheduled_at == at + wait
        at = tried.due_at
    assert deliver(letter, at).state == "failed"
    assert bodies("letter.failed")[0]["facts"]["error"] == "unreachable"
    monkeypatch.undo()
    again = resend_message(letter, actor=cast.actor("sana"), reason=Reason.SUPPORT_CASE, at=at)
    assert deliver(again, at).state == "sent"
    assert len(mailoutbox) == 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (smtplib.SMTPRecipientsRefused({"x": (550, b"no such box")}), ("failed", "refused")),
        (smtplib.SMTPRecipientsRefused({"x": (451, b"greylisted")}), ("queued", "unreachable")),
        (smtplib.SMTPDataError(554, b"spam"), ("failed", "refused")),
        (smtplib.SMTPServerDisconnected("gone"), ("queued", "unreachable")),
    ],
)
def test_refusals_for_good_fail_at_once(asked, now, monkeypatch, error, outcome):
    let_server_raise(monkeypatch, error)
    tried = deliver(asked(), now)
    assert (tried.state, tried.last_error) == outcome


def test_what_no_longer_holds_is_not_sent(asked, cast, now, mailoutbox):
    letter = asked()
    late = deliver(letter, now + timedelta(minutes=10))
    assert (late.state, late.last_error, late.context) == ("failed", "expired", None)
    assert mailoutbox == []
    with pytest.raises(Refused, match="has expired"):
        resend_message(letter, actor=cast.actor("farah"), reason=Reason.SUPPORT_CASE, at=now + timedelta(minutes=10))


def test_who_has_no_address_or_was_erased_gets_none(asked, cast, now, mailoutbox):
    assert deliver(asked("iqra"), now).last_error == "no_address"
    letter = asked("hamza")
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    assert deliver(letter, now).last_error == "recipient_gone"
    assert mailoutbox == []


def test_a_text_message_goes_to_the_number_and_names_no_person(asked, now, settings, tmp_path):
    assert deliver(asked("esra", channel="text"), now).last_error == "no_provider"
    settings.MAIL_FOLDER = str(tmp_path)
    settings.TEXT_PROVIDER = "paktaleem.directory.mail.delivery.FolderProvider"
    letter = asked("esra", channel="text", language="en")
    assert deliver(letter, now).state == "sent"
    [file] = tmp_path.iterdir()
    assert file.read_text() == "To: +923001234567\n\nIndus Schools Network: your code is K4711.\n"


def test_a_text_message_with_a_name_cannot_be_declared_nor_a_context_that_does_not_fit_sent(asked):
    with pytest.raises(ValueError, match="may hold"):
        declare_message("test_named", fields=["full_name"], is_texted=True)
    with pytest.raises(ValueError, match="takes exactly: code, url"):
        asked(context={"code": "K4711"})


def test_emails_whose_worker_died_are_queued_again(asked, indus, now):
    letter = asked()
    assert requeue_stalled_messages(indus.pk, at=now + GRACE) == 0
    assert requeue_stalled_messages(indus.pk, at=now + GRACE + timedelta(seconds=1)) == 1
    assert requeue_stalled_messages(indus.pk, at=now + GRACE + timedelta(seconds=2)) == 0
    assert jobs(letter).count() == 2


def test_the_wrong_role_may_neither_see_nor_resend(asked, cast, now):
    letter = asked("iqra")
    deliver(letter, now)
    with pytest.raises(NotAllowed):
        resend_message(letter, actor=cast.actor("bilal"), reason=Reason.SUPPORT_CASE, at=now)
    with pytest.raises(NotAllowed):
        list_messages(cast.key_actor("indus"))


def test_the_database_wants_one_recipient(asked, cast):
    letter = asked()
    with pytest.raises(IntegrityError, match="letter_has_one_recipient"), transaction.atomic():
        Letter.objects.filter(pk=letter.pk).update(user=cast.user_id("farah"))


@pytest.mark.parametrize("language", ["en", "ur"])
@pytest.mark.parametrize("kind", list_message_kinds(), ids=lambda kind: kind.code)
def test_every_email_is_written_in_both_languages(kind, language):
    values = {**dict.fromkeys(kind.fields, "VALUE"), "client": "CLIENT"}
    wording = render(kind.code, language=language, channel="mail", values=values)
    assert wording.subject
    assert wording.text
    if kind.is_texted:
        assert len(render(kind.code, language=language, channel="text", values=values).text) <= 300

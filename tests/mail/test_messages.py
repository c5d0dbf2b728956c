"""Messages: enqueued in the caller's transaction, sent by the worker, recorded without an address."""

import asyncio
import json
import logging
import smtplib
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import IntegrityError, connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.directory.mail.delivery import (
    NO_SENDER,
    RETRY_DELAYS,
    EmailBackend,
    HttpProvider,
    ProviderNotConfigured,
    TextRejected,
    deliver_message,
    get_text_provider,
)
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.recipients import ADDRESS_KEYS, GivenAddress, GivenNumber, open_address
from paktaleem.directory.mail.rendering import render
from paktaleem.directory.mail.selectors import list_messages, list_messages_about
from paktaleem.directory.mail.services import (
    GRACE,
    declare_message,
    list_expired_addresses,
    list_message_kinds,
    purge_addresses,
    requeue_stalled_messages,
    resend_message,
    send_message,
)
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.canonical import commitment
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealed
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from tests.cast import Cast
from tests.factories import SETTING_UP
from tests.mail.conftest import VALUES
from tests.mail.server import mail_server
from tests.outbound.listening import listener, trust

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


# A message to an address that someone gave: sealed under its own key, destroyed once it is sent or has expired.


AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
ADDRESS = "someone@mail.example"


def queued(cast: Cast, **given: Any) -> Letter:
    told: dict[str, Any] = {"context": {"number": "N1", "text": "Our answer"}, "actor": SETTING_UP, "at": AT, **given}
    return send_message("rights_answer", to=GivenAddress(ADDRESS), client_id=cast.client_id("indus"), **told)


def deliver_all(letter: Letter, at: datetime = AT) -> Letter:
    sent = deliver_message(letter.pk, client_id=letter.client_id, actor=SETTING_UP, at=at)
    assert sent is not None
    return sent


def test_the_address_is_sealed_until_the_message_is_sent_and_then_deleted(cast):
    with in_client(cast.client_id("indus")):
        letter = queued(cast)
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_jsonb(l)::text FROM mail_letter l")
            stored = cursor.fetchone()[0]
        assert ADDRESS not in stored
        assert "Our answer" not in stored
        assert open_address(Letter.objects.get()) == ADDRESS
        assert sum(ADDRESS_KEYS.counted(letter.client_id).values()) == 1
        letter = deliver_all(letter)
        assert (letter.state, letter.address, letter.wrapped, letter.context) == ("sent", None, None, None)
        assert sum(ADDRESS_KEYS.counted(letter.client_id).values()) == 0
        with pytest.raises(CannotOpen):
            open_address(letter)
        assert ADDRESS not in Entry.objects.get(kind="letter.sent").body
    [sent] = mail.outbox
    assert (sent.to, sent.extra_headers["Auto-Submitted"]) == ([ADDRESS], "auto-generated")


def test_one_that_failed_can_be_sent_again_until_its_address_is_deleted(cast, monkeypatch):
    def refuse(*_: Any, **__: Any) -> None:
        raise smtplib.SMTPRecipientsRefused({ADDRESS: (550, b"unknown")})

    with in_client(cast.client_id("indus")):
        letter = queued(cast)
        with monkeypatch.context() as patched:
            patched.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
            letter = deliver_all(letter)
        assert (letter.state, open_address(letter)) == ("failed", ADDRESS)
        resend_message(letter, actor=cast.actor("amina"), reason=Reason.REVIEW, at=AT)
        assert deliver_all(letter).state == "sent"


def test_an_expired_message_is_not_sent_and_its_address_is_deleted(cast):
    with in_client(cast.client_id("indus")):
        letter = queued(cast)
        assert purge_addresses(letter.client_id, at=AT + 29 * DAY) == 0
    with as_officer():
        assert [one.client_id for one in list_expired_addresses(AT + 31 * DAY)] == [letter.client_id]
    with in_client(cast.client_id("indus")):
        assert purge_addresses(letter.client_id, at=AT + 31 * DAY) == 1
        letter = deliver_all(letter, AT + 31 * DAY)
        assert (letter.state, letter.last_error, letter.wrapped) == ("failed", "expired", None)
    assert mail.outbox == []


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b.example\nBcc: c@d.example", "a@b.example, c@d.example", "ü@b.example"]
)
def test_only_one_address_in_ascii_is_a_recipient(address):
    with pytest.raises(ValidationError):
        GivenAddress(address)
    assert repr(GivenAddress(ADDRESS)) == "GivenAddress(•••)"


@pytest.mark.parametrize("number", ["", "  ", "someone", "+92", "+92 300 1234567; +92 300 7654321", "a@b.example"])
def test_only_one_number_is_a_recipient_of_a_text_message(number):
    with pytest.raises(ValueError, match=r"Use 5 to 20 digits|A telephone number is needed"):
        GivenNumber(number)
    assert repr(GivenNumber("+92 300 1234567")) == "GivenNumber(•••)"


def test_an_address_gets_emails_and_a_number_text_messages_only(cast):
    told: dict[str, Any] = {"context": {"url": "https://portal.example/"}, "actor": SETTING_UP, "at": AT}
    with in_client(cast.client_id("indus")):
        for to, channel in ((GivenNumber("+923001234567"), "mail"), (GivenAddress(ADDRESS), "text")):
            with pytest.raises(ValueError, match="is a recipient by"):
                send_message("contact_changed", to=to, channel=channel, client_id=cast.client_id("indus"), **told)
        assert not Letter.objects.exists()


def test_the_database_refuses_a_message_without_exactly_one_recipient(cast):
    broken: list[dict[str, Any]] = [{"to_address": False}, {"address": None}, {"wrapped": None}, {"expires_at": None}]
    broken += [{"user_id": cast.user_id("amina")}, {"subject_id": cast.subject_id("hamza")}]
    with in_client(cast.client_id("indus")):
        letter = queued(cast)
        for columns in broken:
            with pytest.raises(IntegrityError), transaction.atomic():
                Letter.objects.filter(pk=letter.pk).update(**columns)


def test_an_automatic_reply_has_no_envelope_sender():
    with mail_server() as server:
        backend = EmailBackend(alias="default", host="127.0.0.1", port=server.port)
        for sender in (NO_SENDER, "Portal <privacy@portal.example>"):
            headers = {"From": "Portal <privacy@portal.example>"}
            message = mail.EmailMessage("S", "T", from_email=sender, to=[ADDRESS], headers=headers)
            assert backend.send_messages([message]) == 1
    assert server.envelopes == ["mail from:<>", "mail from:<privacy@portal.example>"]
    with pytest.raises(ValueError, match="Invalid"):
        backend.prep_address("a@b.example\nBcc: c@d.example")


NUMBER, TEXT, REFERENCE = "+923001234567", "آپ کا کوڈ 4711", "0190b9f4-0000-7000-8000-000000000001"


class Gateway:
    """A gateway that records the request and returns a given response."""

    def __init__(self, status="202 Accepted", body=b'{"id": "m-1"}'):
        self.status, self.body, self.head, self.message = status, body, "", {}

    async def behave(self, reader, writer):
        self.head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(self.head.lower().partition("content-length:")[2].partition("\r\n")[0])
        self.message = json.loads(await reader.readexactly(length))
        writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.body)}\r\n\r\n".encode() + self.body)
        await writer.drain()


@pytest.fixture
def ask(settings):
    def send(gateway):
        async def run():
            async with listener(gateway.behave, tls_name="localhost") as found:
                settings.TEXT_URL = f"https://localhost:{found.port}/v1/messages"
                provider = HttpProvider(allowed=[f"localhost:{found.port}"], trust=trust())
                return await asyncio.to_thread(provider.send, number=NUMBER, text=TEXT, reference=REFERENCE)

        return asyncio.run(run())

    settings.TEXT_KEY, settings.TEXT_SENDER = "key-of-the-gateway", "PakTaleem"
    return send


def test_a_message_is_posted_once_with_the_key_and_its_id_is_kept(ask):
    gateway = Gateway()
    assert ask(gateway) == "m-1"
    assert gateway.message == {"to": NUMBER, "text": TEXT, "reference": REFERENCE, "from": "PakTaleem"}
    assert gateway.head.startswith("POST /v1/messages HTTP/1.1\r\n")
    assert "Authorization: Bearer key-of-the-gateway\r\n" in gateway.head
    assert f'Idempotency-Key: "{REFERENCE}"\r\n' in gateway.head


@pytest.mark.parametrize(
    "body", [b"", b"OK", b"[]", b'{"id": null}', b'{"id": "a\\nb"}', b'{"id": "' + b"x" * 300 + b'"}', b'{"id": 77}']
)
def test_without_a_usable_id_the_header_keeps_its_own_and_without_a_sender_none_is_named(ask, settings, body):
    settings.TEXT_SENDER = ""
    gateway = Gateway("200 OK", body)
    assert ask(gateway) == ("77" if b"77" in body else REFERENCE)
    assert "from" not in gateway.message


OTHERS = ["401 Unauthorized", "404 Not Found", "429 Too Many Requests", "500 Oops", "302 Found"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("400 Bad Request", TextRejected),
        ("422 Unprocessable Content", TextRejected),
        *((one, OSError) for one in OTHERS),
    ],
)
def test_a_message_at_fault_is_refused_for_good_and_everything_else_is_tried_again(ask, status, error):
    with pytest.raises(error, match=status[:3]):
        ask(Gateway(status))


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "http://gateway.example/", "https://gateway.invalid/", "https://localhost:1/"]
)
def test_an_address_that_the_http_client_refuses_or_does_not_reach_is_tried_again(settings, url):
    settings.TEXT_URL = url
    with pytest.raises(ConnectionError):
        HttpProvider(allowed=["localhost:1"]).send(number=NUMBER, text=TEXT, reference=REFERENCE)


def test_neither_number_nor_text_nor_key_is_logged(ask, caplog):
    caplog.set_level(logging.DEBUG)
    for status in ("202 Accepted", "500 Oops"):
        try:
            ask(Gateway(status))
        except OSError:
            continue
    assert "'status': 500" in caplog.text
    for secret in (NUMBER, NUMBER[3:], "4711", "key-of-the-gateway"):
        assert secret not in caplog.text


def test_without_a_gateway_there_is_no_provider(settings):
    settings.TEXT_URL, settings.TEXT_PROVIDER = "", "paktaleem.directory.mail.delivery.HttpProvider"
    with pytest.raises(ProviderNotConfigured):
        get_text_provider().send(number=NUMBER, text=TEXT, reference=REFERENCE)


def test_every_link_in_an_email_has_a_host(cast, now):
    linked = [kind for kind in list_message_kinds() if "url" in kind.fields]
    assert linked
    for kind in linked:
        given = dict.fromkeys(kind.fields, "1") | {"url": "/admin/"}
        with in_client(PAKTALEEM), pytest.raises(ValueError, match="no host"):
            send_message(kind.code, to=cast.user("amina"), client_id=PAKTALEEM, context=given, actor=SETTING_UP, at=now)


def test_an_address_is_built_from_the_public_one_or_in_a_trial(settings):
    settings.PUBLIC_URL = "https://privacy.school.example:8443/"
    assert build_public_url("/admin/") == "https://privacy.school.example:8443/admin/"
    settings.PUBLIC_URL = ""
    with pytest.raises(ImproperlyConfigured, match="PUBLIC_URL"):
        build_public_url("/admin/")
    settings.SESSION_COOKIE_SECURE = False
    assert build_public_url("/admin/") == "http://127.0.0.1:8000/admin/"

"""A message to an address that someone gave: sealed under its own key, destroyed once it is sent or has expired."""

import asyncio
import json
import logging
import smtplib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import IntegrityError, connection, transaction

from paktaleem.directory.mail.delivery import (
    NO_SENDER,
    EmailBackend,
    HttpProvider,
    ProviderNotConfigured,
    TextRejected,
    deliver_message,
    get_text_provider,
)
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.recipients import ADDRESS_KEYS, GivenAddress, GivenNumber, open_address
from paktaleem.directory.mail.services import (
    list_expired_addresses,
    list_message_kinds,
    purge_addresses,
    resend_message,
    send_message,
)
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.factories import SETTING_UP
from tests.mail.server import mail_server
from tests.outbound.listening import listener, trust

AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
ADDRESS = "someone@mail.example"


def queued(cast: Cast, **given: Any) -> Letter:
    told: dict[str, Any] = {"context": {"number": "N1", "text": "Our answer"}, "actor": SETTING_UP, "at": AT, **given}
    return send_message("rights_answer", to=GivenAddress(ADDRESS), client_id=cast.client_id("indus"), **told)


def deliver(letter: Letter, at: datetime = AT) -> Letter:
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
        letter = deliver(letter)
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
            letter = deliver(letter)
        assert (letter.state, open_address(letter)) == ("failed", ADDRESS)
        resend_message(letter, actor=cast.actor("amina"), reason=Reason.REVIEW, at=AT)
        assert deliver(letter).state == "sent"


def test_an_expired_message_is_not_sent_and_its_address_is_deleted(cast):
    with in_client(cast.client_id("indus")):
        letter = queued(cast)
        assert purge_addresses(letter.client_id, at=AT + 29 * DAY) == 0
    with as_officer():
        assert [one.client_id for one in list_expired_addresses(AT + 31 * DAY)] == [letter.client_id]
    with in_client(cast.client_id("indus")):
        assert purge_addresses(letter.client_id, at=AT + 31 * DAY) == 1
        letter = deliver(letter, AT + 31 * DAY)
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

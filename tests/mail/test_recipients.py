"""A message to an address that someone gave: sealed under its own key, destroyed once it is sent or has expired."""

import smtplib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from paktaleem.directory.mail.backends import NO_SENDER, EmailBackend
from paktaleem.directory.mail.delivery import deliver_message
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.recipients import ADDRESS_KEYS, GivenAddress, GivenNumber, open_address
from paktaleem.directory.mail.services import (
    list_expired_addresses,
    purge_addresses,
    resend_message,
    send_message,
)
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.tenancy.context import as_officer, in_client
from tests.cast import Cast
from tests.factories import SETTING_UP
from tests.mail.server import mail_server

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


def test_the_address_is_sealed_until_the_message_is_sent_and_then_deleted(cast: Cast) -> None:
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


def test_one_that_failed_can_be_sent_again_until_its_address_is_deleted(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_an_expired_message_is_not_sent_and_its_address_is_deleted(cast: Cast) -> None:
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
def test_only_one_address_in_ascii_is_a_recipient(address: str) -> None:
    with pytest.raises(ValidationError):
        GivenAddress(address)
    assert repr(GivenAddress(ADDRESS)) == "GivenAddress(•••)"


@pytest.mark.parametrize("number", ["", "  ", "someone", "+92", "+92 300 1234567; +92 300 7654321", "a@b.example"])
def test_only_one_number_is_a_recipient_of_a_text_message(number: str) -> None:
    with pytest.raises(ValueError, match=r"Use 5 to 20 digits|A telephone number is needed"):
        GivenNumber(number)
    assert repr(GivenNumber("+92 300 1234567")) == "GivenNumber(•••)"


def test_an_address_gets_emails_and_a_number_text_messages_only(cast: Cast) -> None:
    told: dict[str, Any] = {"context": {"url": "https://portal.example/"}, "actor": SETTING_UP, "at": AT}
    with in_client(cast.client_id("indus")):
        for to, channel in ((GivenNumber("+923001234567"), "mail"), (GivenAddress(ADDRESS), "text")):
            with pytest.raises(ValueError, match="is a recipient by"):
                send_message("contact_changed", to=to, channel=channel, client_id=cast.client_id("indus"), **told)
        assert not Letter.objects.exists()


@pytest.mark.parametrize(
    "columns",
    [
        {"to_address": False},
        {"address": None},
        {"wrapped": None},
        {"expires_at": None},
        {"user_id": "amina"},
        {"subject_id": "hamza"},
    ],
)
def test_the_database_refuses_a_message_without_exactly_one_recipient(cast: Cast, columns: dict[str, Any]) -> None:
    named = {"amina": cast.user_id, "hamza": cast.subject_id}
    values = {key: named[value](value) if value in named else value for key, value in columns.items()}
    with in_client(cast.client_id("indus")):
        letter = queued(cast)
        with pytest.raises(IntegrityError), transaction.atomic():
            Letter.objects.filter(pk=letter.pk).update(**values)


def test_an_automatic_reply_has_no_envelope_sender() -> None:
    with mail_server() as server:
        backend = EmailBackend(alias="default", host="127.0.0.1", port=server.port)
        for sender in (NO_SENDER, "Portal <privacy@portal.example>"):
            headers = {"From": "Portal <privacy@portal.example>"}
            message = mail.EmailMessage("S", "T", from_email=sender, to=[ADDRESS], headers=headers)
            assert backend.send_messages([message]) == 1
    assert server.envelopes == ["mail from:<>", "mail from:<privacy@portal.example>"]
    with pytest.raises(ValueError, match="Invalid"):
        backend.prep_address("a@b.example\nBcc: c@d.example")

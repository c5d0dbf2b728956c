"""Delivery of a message: look up the address, render, send, record. Numbers and texts are never logged."""

import asyncio
import json
import smtplib
import ssl
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends import smtp
from django.db import transaction
from django.utils.module_loading import import_string

from paktaleem.directory.mail.models import Channel, Letter, LetterError, LetterState
from paktaleem.directory.mail.recipients import forget_address, open_address, reply_addresses
from paktaleem.directory.mail.rendering import RenderedMessage, decrypt_context, render
from paktaleem.directory.mail.services import enqueue, get_message_kind, letter_outcomes
from paktaleem.directory.people.selectors import contact_of, sealer_of
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.canonical import commitment, new_salt
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.web.http_client.client import Answer, Unreachable, post
from paktaleem.foundation.web.http_client.destinations import DestinationRefused

NO_SENDER = "<>"
"""The empty envelope sender (RFC 5321, section 4.5.5): no failure report is sent back."""


class EmailBackend(smtp.EmailBackend):
    """Django's SMTP backend, which by itself refuses an empty envelope sender."""

    def prep_address(self, address: Any, *args: Any, **kwargs: Any) -> str:
        if address == NO_SENDER:
            return ""
        prepared: str = super().prep_address(address, *args, **kwargs)
        return prepared


class TextRejected(Exception):
    """The provider rejected the message permanently."""


class ProviderNotConfigured(Exception):
    """No text message provider is configured."""


class TextProvider(Protocol):
    """Interface of a text message provider; TEXT_PROVIDER names the class."""

    def send(self, *, number: str, text: str, reference: str) -> str:
        """Send a message to a number (E.164, or as registered) and return the provider's id for it.

        ``reference`` is the message's id. Raises TextRejected for a permanent failure, OSError for a temporary one.
        """


class FolderProvider:
    """Write each message to a file in MAIL_FOLDER, for the demonstration and tests."""

    def send(self, *, number: str, text: str, reference: str) -> str:
        path = Path(settings.MAIL_FOLDER) / f"{reference}.text.txt"
        path.write_text(f"To: {number}\n\n{text}\n", encoding="utf-8")
        return path.name


def get_text_provider() -> TextProvider:
    """Return the provider named by TEXT_PROVIDER. Raises ProviderNotConfigured if it is empty."""
    if not settings.TEXT_PROVIDER:
        raise ProviderNotConfigured
    provider: TextProvider = import_string(settings.TEXT_PROVIDER)()
    return provider


RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720))
"""Back-off before each retry; after the last one, within a day, the message has failed."""
_ATTEMPTS = len(RETRY_DELAYS) + 1
_TEMPORARY = range(400, 500)
"""SMTP codes of temporary failures (RFC 5321 §4.2.1)."""


class _Undelivered(Exception):
    """A failed attempt, with its reason; ``is_final`` if a retry is useless."""

    def __init__(self, error: LetterError, *, is_final: bool) -> None:
        super().__init__(error)
        self.error, self.is_final = error, is_final


class _Sent(NamedTuple):
    address: str
    wording: RenderedMessage
    message_id: str


@transaction.atomic
def deliver_message(letter_id: UUID, *, client_id: UUID, actor: Actor, at: datetime) -> Letter | None:
    """Attempt to deliver a queued message; return it, or None if it is sent or another worker delivers it."""
    rows = Letter.objects.select_for_update(of=("self",), skip_locked=True).select_related("subject", "user")
    letter = rows.filter(pk=letter_id, client_id=client_id, state=LetterState.QUEUED).first()
    if letter is None:
        return None
    letter.attempts += 1
    try:
        sent = _attempt_delivery(letter, at)
    except _Undelivered as failure:
        _record_failure(letter, failure, actor, at)
    else:
        _record_sent(letter, sent, actor, at)
    letter.save()
    return letter


def _attempt_delivery(letter: Letter, at: datetime) -> _Sent:
    if letter.expires_at is not None and letter.expires_at <= at:
        raise _Undelivered(LetterError.EXPIRED, is_final=True)
    try:
        address, values = _find_address(letter), json.loads(decrypt_context(letter))
    except (CannotOpen, KeyError, InvalidTag) as error:
        raise _Undelivered(LetterError.RECIPIENT_GONE, is_final=True) from error
    if not address:
        raise _Undelivered(LetterError.NO_ADDRESS, is_final=True)
    values["client"] = Client.objects.values_list("name", flat=True).get(pk=letter.client_id)
    wording = render(letter.kind, language=letter.language, channel=letter.channel, values=values)
    send = _send_email if letter.channel == Channel.MAIL else _send_text
    return _Sent(address, wording, send(letter, address, wording))


def _find_address(letter: Letter) -> str:
    if letter.user is not None:
        if not letter.user.is_active:
            raise _Undelivered(LetterError.RECIPIENT_GONE, is_final=True)
        return letter.user.email if letter.channel == Channel.MAIL else ""
    if letter.to_address:
        return open_address(letter)
    assert letter.subject is not None  # noqa: S101 -- a constraint of the table
    return contact_of(letter.subject, "email" if letter.channel == Channel.MAIL else "phone") or ""


def _send_email(letter: Letter, address: str, wording: RenderedMessage) -> str:
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    message_id = f"<{letter.id}@{sender.rpartition('@')[2] or 'localhost'}>"
    replies_to = next((found for find in reply_addresses if (found := find(letter))), None)
    is_reply = get_message_kind(letter.kind).is_automatic_reply
    message = EmailMultiAlternatives(
        wording.subject,
        wording.text,
        from_email=NO_SENDER if is_reply else None,
        to=[address],
        reply_to=[replies_to] if replies_to else None,
        headers={
            "From": settings.DEFAULT_FROM_EMAIL,
            "Message-ID": message_id,
            "Content-Language": wording.language,
            "Auto-Submitted": "auto-replied" if is_reply else "auto-generated",  # RFC 3834: prevents automatic replies
        },
    )
    message.attach_alternative(wording.html, "text/html")
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        raise _smtp_failure(min(code for code, _ in error.recipients.values())) from error
    except smtplib.SMTPResponseException as error:
        raise _smtp_failure(error.smtp_code) from error
    except OSError as error:  # the base class of other SMTP exceptions
        raise _Undelivered(LetterError.UNREACHABLE, is_final=False) from error
    return message_id


def _smtp_failure(code: int) -> _Undelivered:
    if code in _TEMPORARY:
        return _Undelivered(LetterError.UNREACHABLE, is_final=False)
    return _Undelivered(LetterError.REFUSED, is_final=True)


def _send_text(letter: Letter, number: str, wording: RenderedMessage) -> str:
    try:
        return get_text_provider().send(number=number, text=wording.text, reference=str(letter.id))
    except ProviderNotConfigured as error:
        raise _Undelivered(LetterError.NO_PROVIDER, is_final=True) from error
    except TextRejected as error:
        raise _Undelivered(LetterError.REFUSED, is_final=True) from error
    except OSError as error:
        raise _Undelivered(LetterError.UNREACHABLE, is_final=False) from error


def _record_sent(letter: Letter, sent: _Sent, actor: Actor, at: datetime) -> None:
    letter.state, letter.sent_at, letter.last_error, letter.context = LetterState.SENT, at, "", None
    letter.message_id = sent.message_id
    forget_address(letter)
    facts: dict[str, object] = {"message_id": sent.message_id, "template": sent.wording.template}
    openings = None
    if letter.subject is not None:
        salt = new_salt()
        facts["commitments"] = {"address": commitment(sent.address, salt), "text": commitment(sent.wording.text, salt)}
        openings = sealer_of(letter.subject).seal(salt.hex(), column="audit_entry.openings").ciphertext
    _record_delivery("letter.sent", letter, facts, actor, at, openings=openings)


def _record_failure(letter: Letter, failure: _Undelivered, actor: Actor, at: datetime) -> None:
    letter.last_error = failure.error
    if not failure.is_final and letter.attempts < _ATTEMPTS:
        letter.due_at = at + RETRY_DELAYS[letter.attempts - 1]
        enqueue(letter)
        return
    letter.state = LetterState.FAILED
    if failure.error in {LetterError.EXPIRED, LetterError.RECIPIENT_GONE}:
        letter.context = None
        forget_address(letter)
    _record_delivery("letter.failed", letter, {"error": str(failure.error)}, actor, at)


def _record_delivery(
    kind: str, letter: Letter, more: Mapping[str, object], actor: Actor, at: datetime, *, openings: bytes | None = None
) -> None:
    facts = {
        "letter": str(letter.id),
        "kind": letter.kind,
        "language": letter.language,
        "channel": str(letter.channel),
        "attempts": letter.attempts,
        "user": str(letter.user_id) if letter.user_id else None,
        "related": str(letter.related_id) if letter.related_id else None,
        **more,
    }
    client_id, subject_id = letter.client_id, letter.subject_id
    record_entry(kind, client_id=client_id, subject_id=subject_id, facts=facts, openings=openings, actor=actor, at=at)
    for record in letter_outcomes:
        record(letter, actor, at)


log = structlog.stdlib.get_logger(__name__)

_SECONDS = 10.0
_MAX_ID_LENGTH = 200
_PERMANENT = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY})
"""Statuses of a permanent rejection; after others (a wrong key) the operator can fix the cause before a retry."""


class HttpProvider:
    """Post ``{"to", "text", "reference", "from"}`` to TEXT_URL with TEXT_KEY as bearer token; 2xx is success.

    ``from`` is TEXT_SENDER, omitted if empty; ``reference`` is also the ``Idempotency-Key``. An ``id`` in the JSON
    response is stored as the message id. ``allowed`` and ``trust`` are those of ``http_client.client.post``.
    """

    def __init__(self, *, allowed: Iterable[str] = (), trust: ssl.SSLContext | None = None) -> None:
        self._allowed, self._trust = tuple(allowed), trust

    def send(self, *, number: str, text: str, reference: str) -> str:
        if not settings.TEXT_URL:
            raise ProviderNotConfigured
        message = {"to": number, "text": text, "reference": reference}
        if settings.TEXT_SENDER:
            message["from"] = settings.TEXT_SENDER
        answer = self._post(json.dumps(message).encode(), reference)
        if answer.status in _PERMANENT:
            raise TextRejected(str(answer.status))
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            log.warning("The text message gateway refused a message", status=answer.status)
            raise ConnectionError(f"The gateway answered {answer.status}.")
        return _parse_message_id(answer.body) or reference

    def _post(self, body: bytes, reference: str) -> Answer:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Authorization": f"Bearer {settings.TEXT_KEY}",
            "Idempotency-Key": f'"{reference}"',
        }
        try:
            return asyncio.run(
                post(settings.TEXT_URL, body, headers, allowed=self._allowed, seconds=_SECONDS, trust=self._trust)
            )
        except (Unreachable, DestinationRefused) as error:
            log.warning("The text message gateway could not be reached", error=type(error).__name__)
            raise ConnectionError(str(error)) from error


def _parse_message_id(body: bytes) -> str:
    try:
        found = json.loads(body)["id"]
    except (ValueError, LookupError, TypeError):
        return ""
    message_id = str(found) if isinstance(found, str | int) else ""
    return message_id if message_id.isprintable() and len(message_id) <= _MAX_ID_LENGTH else ""

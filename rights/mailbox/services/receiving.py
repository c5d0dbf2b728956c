"""Take an email: it makes a request, is added to one, or is set aside for an officer. It never proves an identity."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from paktaleem.directory.access_links.limits import Limit, count_attempt, count_rights_address
from paktaleem.directory.mail.recipients import GivenAddress
from paktaleem.directory.mail.services import send_message
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.ip_addresses import build_public_url
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import blind_index
from paktaleem.foundation.jobs.enqueue import enqueue_job
from paktaleem.foundation.tenancy.ids import PAKTALEEM, new_id
from paktaleem.foundation.tenancy.locks import advisory_locks
from rights.clock.deadlines import ANSWER_TIME, format_day
from rights.mailbox.contents import Upload, add_files, new_content, seal_content
from rights.mailbox.hooks import message_added
from rights.mailbox.messages import ACKNOWLEDGED
from rights.mailbox.models import WAITING, Direction, MailMessage, MessageState
from rights.mailbox.parsing.parsed import ParsedMail
from rights.mailbox.rules import AsideReason, guess_language, may_acknowledge
from rights.requests.models.requests import Channel, RightKind, RightsRequest
from rights.requests.services.intake import MATCH_SENDER, receive_request
from rights.requests.services.steps import RequestEnded, lock_open_request, record_step

_A_DAY = timedelta(days=1)
_REPLY_LIMITS = (Limit("mailbox-reply/address", 1, _A_DAY),)
"""One acknowledgement for an address and day: two robots that answer each other stop at one."""
_REQUEST_LIMITS = (Limit("mailbox-request/address", 10, _A_DAY),)
"""Requests by email for an address and day; what is above is set aside."""
_LINK_LIMITS = (Limit("mailbox-link/address", 2, _A_DAY),)
"""Links to the contact on file for an address and day: with the acknowledgement the three messages of all ways."""
_OLDEST = ANSWER_TIME - timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMail:
    """An email as it came: the bytes up to the limit, what was parsed, and when the mailbox received it.

    ``mail`` is None if it could not be read. ``zone`` is PakTaleem's time zone, for the day in the acknowledgement.
    """

    raw: bytes
    is_cut: bool
    mail: ParsedMail | None
    contents: list[bytes]
    aside: AsideReason | None
    received_at: datetime
    zone: str


def message_key_of(raw: bytes, mail: ParsedMail | None) -> bytes:
    """Return the keyed hash by which an email is recognised: its Message-ID and sender, otherwise all of it."""
    has_id = mail is not None and bool(mail.message_id)
    text = f"{mail.message_id} {mail.sender}" if mail is not None and has_id else hashlib.sha256(raw).hexdigest()
    return _hash("mail-id", text)


@transaction.atomic
def store_mail(
    received: ReceivedMail, *, client: Client, request_id: UUID | None, actor: Actor, at: datetime
) -> MailMessage | None:
    """Store an email, in the context of its client; return None if it was taken before (policy §13, decision 0067).

    An email with the address of an open case is added to that case as a message of an unverified sender: that changes
    no identity, sends nothing and moves no date; staff get a task. Another one makes a request, whose contact is the
    sender's address and whose details are the text, and is acknowledged. Automatic and unreadable ones are kept for an
    officer.
    """
    key = message_key_of(received.raw, received.mail)
    text_key = _text_key(received)
    advisory_locks([f"mailbox/{one.hex()}" for one in (key, text_key)])
    if MailMessage.objects.filter(client_id=client.pk, message_key=key).exists():
        return None
    row = MailMessage(id=new_id(), client_id=client.pk, state=MessageState.UNREADABLE, size=len(received.raw))
    row.message_key, row.content_key, row.received_at = key, text_key, received.received_at
    _place(row, received, request_id, client=client, actor=actor, at=at)
    facts = {"message": str(row.pk), "state": str(row.state), "reason": row.aside_reason or None}
    record_entry("message.received", client_id=client.pk, subject_id=None, facts=facts, actor=actor, at=at)
    return row


def _place(
    row: MailMessage, received: ReceivedMail, request_id: UUID | None, *, client: Client, actor: Actor, at: datetime
) -> None:
    """Save a message with the state that follows from its email."""
    before = _find_same_text(row, request_id)
    if received.mail is None:
        _keep(row, received)
    elif before is not None:
        row.state, row.request_id = MessageState.REPEATED, before.request_id
        row.save(force_insert=True)
    elif request_id is not None and _add_to_request(row, received, request_id, actor, at):
        pass
    elif (aside := received.aside or _over_quota(received.mail)) is not None:
        row.state, row.aside_reason = MessageState.ASIDE, aside.value
        _keep(row, received)
    else:
        _make_request(row, received, client, actor, at)


def create_request(
    mail: ParsedMail,
    *,
    client: Client,
    kinds: list[str],
    received_at: datetime,
    actor: Actor,
    at: datetime,
) -> RightsRequest:
    """Record the request that an email makes, and enqueue the match of its sender with a contact on file.

    Follows policy §13, decision 0067. Without a match, and for the third email of an address in a day, an officer
    assigns the request. The clock starts when the mailbox received it, at most thirty days ago. Raises ValidationError,
    NotAllowed.
    """
    row = receive_request(
        client,
        kinds=kinds,
        channel=Channel.MAIL,
        details="\n\n".join(one for one in (mail.subject, mail.text) if one),
        contact=mail.sender,
        language=guess_language(mail.subject + mail.text),
        received_at=min(max(received_at, at - _OLDEST), at),
        actor=actor,
        at=at,
    )
    if count_attempt(_LINK_LIMITS, address=_address_key(mail), ip=""):
        enqueue_job(MATCH_SENDER, client=str(client.pk), request=str(row.pk))
    return row


def _make_request(row: MailMessage, received: ReceivedMail, client: Client, actor: Actor, at: datetime) -> None:
    mail = _require_mail(received)
    request = create_request(
        mail, client=client, kinds=[RightKind.QUESTION], received_at=received.received_at, actor=actor, at=at
    )
    row.state = MessageState.REQUEST
    _keep(row, received, request)
    if may_acknowledge(mail):
        _acknowledge(request, mail, received.zone, actor, at)


def _add_to_request(row: MailMessage, received: ReceivedMail, request_id: UUID, actor: Actor, at: datetime) -> bool:
    try:
        request = lock_open_request(RightsRequest(pk=request_id, client_id=row.client_id))
    except RequestEnded:
        return False
    if request.wrapped is None or received.aside is AsideReason.OWN:
        return False
    row.state = MessageState.ADDED
    _keep(row, received, request)
    for handler in message_added:
        handler(request, actor, at)
    record_step("rights_request.message_received", request, actor, at, {"message": str(row.pk)})
    return True


def _keep(row: MailMessage, received: ReceivedMail, request: RightsRequest | None = None) -> None:
    """Seal what the email says and its files; the whole email too if some of it was not read."""
    row.request = request
    content = new_content(received.mail, is_cut=received.is_cut)
    add_files(row, content, _list_uploads(received))
    seal_content(row, content, request=request)
    row.save(force_insert=True)


def _list_uploads(received: ReceivedMail) -> list[Upload]:
    mail, uploads = received.mail, []
    if mail is not None:
        pairs = zip(mail.attachments, received.contents, strict=True)
        uploads = [Upload(one.name, one.kind, content) for one, content in pairs if content]
    if mail is None or mail.cut:
        uploads.append(Upload("message.eml", "message/rfc822", received.raw))
    return uploads


def _find_same_text(row: MailMessage, request_id: UUID | None) -> MailMessage | None:
    """Return an earlier message of that day with the same text and sender, about the same case if one is named.

    Its request must be open, or it must still wait for an officer: otherwise the text would be lost.
    """
    is_open = Q(request__isnull=False, request__closed_at=None) | Q(request=None, state__in=WAITING)
    same = MailMessage.objects.filter(is_open, client_id=row.client_id, content_key=row.content_key)
    same = same.filter(received_at__gt=row.received_at - _A_DAY).order_by("received_at")
    found: MailMessage | None = (same.filter(request_id=request_id) if request_id else same).first()
    return found


def _over_quota(mail: ParsedMail) -> AsideReason | None:
    within = count_attempt(_REQUEST_LIMITS, address=_address_key(mail), ip="")
    return None if within else AsideReason.QUOTA


def _acknowledge(request: RightsRequest, mail: ParsedMail, zone: str, actor: Actor, at: datetime) -> None:
    """Send the acknowledgement, at most one for an address and day; it repeats nothing of the email.

    It counts among the three messages about rights that an address gets in a day over all ways.
    """
    try:
        to = GivenAddress(mail.sender)
    except ValidationError:
        return
    if not count_attempt(_REPLY_LIMITS, address=_address_key(mail), ip="") or not count_rights_address(mail.sender):
        return
    context = {"due": format_day(request.due_at, zone), "url": build_public_url(reverse("rights-form"))}
    told: dict[str, Any] = {"language": request.language, "related_id": request.pk, "actor": actor, "at": at}
    letter = send_message(ACKNOWLEDGED.code, to=to, client_id=request.client_id, context=context, **told)
    row = MailMessage(client_id=request.client_id, request=request, direction=Direction.OUT, letter=letter.pk)
    row.state, row.received_at = MessageState.ACKNOWLEDGEMENT, at
    row.save(force_insert=True)


def _text_key(received: ReceivedMail) -> bytes:
    mail = received.mail
    said = received.raw if mail is None else f"{mail.sender}\0{mail.subject}\0{mail.text}".encode()
    digest = hashlib.sha256(said)
    for content in received.contents:
        digest.update(content)
    return _hash("mail-text", digest.hexdigest())


def _address_key(mail: ParsedMail) -> str:
    """Return the keyed hash of the sender's address without a tag behind a plus sign."""
    local, _, domain = mail.sender.rpartition("@")
    return _hash("mail-address", f"{local.partition('+')[0]}@{domain}").hex()


def _hash(kind: str, text: str) -> bytes:
    found = blind_index(PAKTALEEM, kind, text)
    if found is None:
        raise ValueError("There is nothing to hash.")
    return found


def _require_mail(received: ReceivedMail) -> ParsedMail:
    if received.mail is None:
        raise ValueError("This email could not be read.")
    return received.mail

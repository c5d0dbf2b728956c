"""Services of the mailbox."""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from paktaleem.directory.access_links.services import Limit, count_attempt, count_rights_address
from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.recipients import GivenAddress
from paktaleem.directory.mail.services import SendArguments, declare_message, send_message
from paktaleem.directory.people.details import contact_index
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.acts import Refused, act, as_given, refuse_if
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import blind_index
from paktaleem.foundation.first_rows import FirstRows, take_first
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import advisory_lock, advisory_locks, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.services import get_cutoff
from rights.mailbox.addresses import hash_token
from rights.mailbox.contents import Content, Upload, add_files, new_content, open_content, open_file, seal_content
from rights.mailbox.models import WAITING, CaseAddress, Direction, MailboxCheck, MailboxError, MailMessage, MessageState
from rights.mailbox.rules import AsideReason, ParsedMail, guess_language, may_acknowledge
from rights.requests.deadlines import ANSWER_TIME, format_day
from rights.requests.models import Channel, RightKind, RightsRequest
from rights.requests.services.intake import MATCH_SENDER, read_request, receive_request
from rights.requests.services.steps import RequestEnded, lock_open_request, record_step

message_added: ExtensionPoint[Callable[[RightsRequest, Actor, datetime], None]] = ExtensionPoint(
    "rights.message_added", "Called in the transaction that adds an email to an open request, with the request locked."
)
ACKNOWLEDGED = declare_message("mailbox_acknowledged", fields=("due", "url"), is_automatic_reply=True)
"""The automatic reply to an email: what happens next and by when; the same for every sender."""
_A_DAY = timedelta(days=1)
_REPLY_LIMITS = (Limit("mailbox-reply/address", 1, _A_DAY),)
"""One acknowledgement for an address and day: two robots that answer each other stop at one."""
_REQUEST_LIMITS = (Limit("mailbox-request/address", 10, _A_DAY),)
"""Requests by email for an address and day; what is above is set aside."""
_LINK_LIMITS = (Limit("mailbox-link/address", 2, _A_DAY),)
"""Links to the contact on file for an address and day: with the acknowledgement the three messages of all ways."""
_OLDEST = ANSWER_TIME - timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """An email as it came; ``mail`` is None if unreadable, ``zone`` PakTaleem's, for the day in the reply."""

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

    One for an open case changes no identity, sends nothing and moves no date; staff get a task. Another one makes a
    request and is acknowledged. Automatic and unreadable ones are kept for an officer.
    """
    key = message_key_of(received.raw, received.mail)
    text_key = _text_key(received)
    advisory_locks([f"mailbox/{one.hex()}" for one in (key, text_key)])
    if MailMessage.objects.filter(client_id=client.pk, message_key=key).exists():
        return None
    row = MailMessage(client_id=client.pk, state=MessageState.UNREADABLE, size=len(received.raw))
    row.message_key, row.content_key, row.received_at = key, text_key, received.received_at
    before, mail = _find_same_text(row, request_id), received.mail
    if mail is None:
        _keep(row, received)
    elif before is not None:
        row.state, row.request_id = MessageState.REPEATED, before.request_id
        row.save(force_insert=True)
    elif request_id is not None and _add_to_request(row, received, request_id, actor, at):
        pass
    elif received.aside or not count_attempt(_REQUEST_LIMITS, address=_address_key(mail), ip=""):
        row.state, row.aside_reason = MessageState.ASIDE, (received.aside or AsideReason.QUOTA).value
        _keep(row, received)
    else:
        _make_request(row, received, client, actor, at)
    facts = {"message": str(row.pk), "state": str(row.state), "reason": row.aside_reason or None}
    record_entry("message.received", client_id=client.pk, subject_id=None, facts=facts, actor=actor, at=at)
    return row


def create_request(
    mail: ParsedMail, *, client: Client, kinds: list[str], received_at: datetime, actor: Actor, at: datetime
) -> RightsRequest:
    """Record the request that an email makes; its clock starts at receipt, at most 30 days ago (decision 0067)."""
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
    mail = received.mail
    if mail is None:
        raise ValueError("This email could not be read.")
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
    row.request = request
    _keep_content(row, new_content(received.mail, is_cut=received.is_cut), _list_uploads(received))


def _keep_content(row: MailMessage, content: Content, uploads: list[Upload]) -> None:
    add_files(row, content, uploads)
    seal_content(row, content, request=row.request)
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
    # the earlier one must not be settled: otherwise the text would be lost
    is_open = Q(request__isnull=False, request__closed_at=None) | Q(request=None, state__in=WAITING)
    same = MailMessage.objects.filter(is_open, client_id=row.client_id, content_key=row.content_key)
    same = same.filter(received_at__gt=row.received_at - _A_DAY).order_by("received_at")
    return (same.filter(request_id=request_id) if request_id else same).first()


def _acknowledge(request: RightsRequest, mail: ParsedMail, zone: str, actor: Actor, at: datetime) -> None:
    try:
        to = GivenAddress(mail.sender)
    except ValidationError:
        return
    if not count_attempt(_REPLY_LIMITS, address=_address_key(mail), ip="") or not count_rights_address(mail.sender):
        return
    context = {"due": format_day(request.due_at, zone), "url": build_public_url(reverse("rights-form"))}
    told: SendArguments = {"language": request.language, "related_id": request.pk, "actor": actor, "at": at}
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


MOST_MESSAGES = 100
"""Messages of a request that are listed and read at once."""
_AT_ONCE = 500
_UNSAFE = re.compile(r"[^\w .()\-]|^[. ]+", re.UNICODE)
_LONGEST_NAME = 80
_UNREADABLE = gettext_lazy("This message could not be read: record the request on the person’s page.")


class OpenedFile(NamedTuple):
    """A file of a message to be downloaded: a safe name and the bytes."""

    name: str
    content: bytes


def list_messages_of(request: RightsRequest) -> QuerySet[MailMessage]:
    """List the received messages of a request, oldest first, without their content."""
    own = MailMessage.objects.filter(client_id=request.client_id, request=request, direction=Direction.IN)
    return own.defer("content").order_by("received_at", "pk")


def list_file_sizes(message: MailMessage) -> list[tuple[UUID, int]]:
    """List the files of a message by id, with their sizes in bytes."""
    files = SealedFile.objects.filter(client_id=message.client_id, package=message.pk, subject=None)
    return list(files.order_by("pk").values_list("pk", "size"))


@act(
    "read",
    "Read it",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="Shows what the email says. Your access is recorded with your name and reason.",
    check=refuse_if(
        lambda row: row.direction == Direction.OUT or row.state in {MessageState.REPEATED, MessageState.MOVED},
        gettext_lazy("This message has no text of its own."),
    ),
    lock=as_given,
)
def read_message(message: MailMessage, *, actor: Actor, reason: Reason | str, at: datetime) -> Content:
    """Return what a message says; the access is recorded first. Raises Refused, CannotOpen, NotAllowed."""
    _record("message.read", message, actor, at, {"reason": Reason(reason).value})
    return open_content(_load(message))


@transaction.atomic
def read_messages_of_request(
    request: RightsRequest, *, actor: Actor, reason: Reason | str, at: datetime
) -> FirstRows[tuple[MailMessage, Content]]:
    """Return what the messages of a request say; the access is recorded as for its texts. Raises CannotOpen."""
    read_request(request, actor=actor, reason=reason, at=at)
    own = MailMessage.objects.filter(client_id=request.client_id, request=request, content__isnull=False)
    found = take_first(own.select_related("request").order_by("received_at", "pk"), MOST_MESSAGES)
    return found.map(lambda one: (one, open_content(one)))


@act(
    "file",
    "Download a file",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="The portal never opens files that came by email. Open it only on a computer to which you would give a file "
    "of a stranger. Your access is recorded with your name and reason.",
    check=refuse_if(lambda row: not row.files, gettext_lazy("This message has no file.")),
    lock=as_given,
)
def take_file(message: MailMessage, *, file: UUID, actor: Actor, reason: Reason | str, at: datetime) -> OpenedFile:
    """Return a file of a message; the access is recorded first. Raises SealedFile.DoesNotExist, CannotOpen."""
    _record("message.file_taken", message, actor, at, {"file": str(file), "reason": Reason(reason).value})
    row = _load(message)
    content = open_content(row)
    kept = next((one for one in content.files if one.id == file), None)
    if kept is None:
        raise SealedFile.DoesNotExist
    name = _UNSAFE.sub("_", re.split(r"[/\\]", kept.name)[-1].strip())[-_LONGEST_NAME:]
    return OpenedFile(name or "file", open_file(row, content, kept))


_check_waiting = refuse_if(lambda row: not row.needs_attention, gettext_lazy("This message does not wait for anyone."))

WantedKinds = Annotated[
    list[str],
    forms.MultipleChoiceField(
        label="What does the person want?", choices=RightKind.choices, widget=forms.CheckboxSelectMultiple
    ),
]


@act(
    "make-request",
    "Make a request of it",
    Capability.SUPERVISE,
    lead="The thirty days count from the day on which the email was received. The sender is not verified.",
    done="The request is recorded.",
    check=refuse_if(lambda row: row.state == MessageState.UNREADABLE, _UNREADABLE, first=_check_waiting),
)
def make_request_of_message(message: MailMessage, *, kinds: WantedKinds, actor: Actor, at: datetime) -> RightsRequest:
    """Make a request of a message that was set aside (policy §13, decision 0067). Raises Refused, CannotOpen."""
    content = open_content(message)
    if (mail := content.mail) is None:
        raise Refused(_UNREADABLE)
    client = Client.objects.get(pk=message.client_id)
    request = create_request(mail, client=client, kinds=kinds, received_at=message.received_at, actor=actor, at=at)
    seal_content(message, content, request=request)
    message.request, message.epoch, message.wrapped = request, None, None
    message.state, message.settled_at = MessageState.REQUEST, at
    message.save()
    _record("message.settled", message, actor, at, {"rights_request": str(request.pk)})
    return request


@act(
    "settle",
    "Nothing to do",
    Capability.SUPERVISE,
    lead="The message needs nothing more. Its content is deleted after a while.",
    done="Settled.",
    check=_check_waiting,
)
def settle_message(message: MailMessage, *, actor: Actor, at: datetime) -> MailMessage:
    """Record that a message needs nothing more; its content is deleted after the period ``MAILBOX_MESSAGES``."""
    message.state, message.settled_at = MessageState.SETTLED, at
    message.save(update_fields=["state", "settled_at"])
    _record("message.settled", message, actor, at)
    return message


def list_settled(at: datetime) -> QuerySet[MailMessage]:
    """List the messages that are due at ``at``, in the current context."""
    return MailMessage.objects.filter(settled_at__lte=get_cutoff(MAILBOX_MESSAGES.code, at=at), wrapped__isnull=False)


def purge_settled_messages(client_id: UUID, *, at: datetime) -> int:
    """Destroy the keys of messages settled some time ago (``MAILBOX_MESSAGES``); return how many, up to 500."""
    old = list_settled(at).filter(client_id=client_id)
    due = old.order_by("settled_at").select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)
    rows = MailMessage.objects.filter(client_id=client_id, pk__in=list(due[:_AT_ONCE]))
    return int(rows.update(content=None, epoch=None, wrapped=None))


def _load(message: MailMessage) -> MailMessage:
    return MailMessage.objects.select_related("request").get(pk=message.pk, client_id=message.client_id)


def _record(kind: str, message: MailMessage, actor: Actor, at: datetime, facts: dict[str, str] | None = None) -> None:
    about = {"message": str(message.pk), **(facts or {})}
    record_entry(kind, client_id=message.client_id, subject_id=None, facts=about, actor=actor, at=at)


_PLACES_AT_ONCE = 100
_OUR_ID = re.compile(r"<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@[^<>@]+>")


def find_place(mail: ParsedMail | None, *, by_sender: bool) -> tuple[UUID, UUID | None]:
    """Return the client of an email and the open request that it continues; requires the officers' context."""
    if mail is None:
        return PAKTALEEM, None
    tokens = [hash_token(one) for one in mail.tokens]
    named = CaseAddress.objects.filter(token_hash__in=tokens).select_related("request")[:2]
    ids = [UUID(found[1]) for one in mail.references if (found := _OUR_ID.fullmatch(one))]
    related = Letter.objects.filter(pk__in=ids, user=None, related_id__isnull=False).values("related_id")
    answered = RightsRequest.objects.filter(pk__in=related)[:2] if ids else ()
    request = _first_open([one.request for one in named]) or _first_open(answered)
    if request is not None:
        return request.client_id, request.pk
    clients = _list_clients_with(mail.sender) if by_sender else []
    return clients[0] if len(clients) == 1 else PAKTALEEM, None


def _first_open(requests: Iterable[RightsRequest]) -> RightsRequest | None:
    rows = [_follow(request.duplicate_of or request) for request in requests]
    found = [row for row in rows if row is not None and row.wrapped is not None]
    return found[0] if len(found) == 1 else None


def _follow(row: RightsRequest) -> RightsRequest | None:
    if row.is_open:
        return row
    return RightsRequest.objects.filter(number=row.number, closed_at=None).first()


def _list_clients_with(sender: str) -> list[UUID]:
    clients = list(Client.objects.filter(is_sandbox=False).order_by("pk"))
    found: set[UUID] = set()
    for start in range(0, len(clients), _PLACES_AT_ONCE):
        wanted = Q()
        for client in clients[start : start + _PLACES_AT_ONCE]:
            try:
                field, index = contact_index(client.pk, sender, region=client.country)
            except ValueError:
                return []
            wanted |= Q(client_id=client.pk, **{f"{field}_index": index})
        found |= set(Subject.objects.filter(wanted, erased_at=None).values_list("client_id", flat=True))
    return sorted(found)


_KEPT = ("state", "aside_reason", "message_key", "content_key", "size", "received_at")


@transaction.atomic
def move_messages(request: RightsRequest, made: RightsRequest) -> int:
    """Move a locked request's emails to the one that continues it elsewhere; return how many. Raises CannotOpen."""
    with in_client(request.client_id):
        own = MailMessage.objects.filter(client_id=request.client_id, request=request, content__isnull=False)
        keys = list(own.order_by("received_at", "pk").values_list("pk", flat=True))
    for key in keys:
        with in_client(request.client_id):
            columns, content, uploads = _take_out(request, key)
        with in_client(made.client_id):
            row = MailMessage(client_id=made.client_id, request=made, **columns)
            _keep_content(row, new_content(content.mail, is_cut=content.is_cut), uploads)
    return len(keys)


def _take_out(request: RightsRequest, key: UUID) -> tuple[dict[str, object], Content, list[Upload]]:
    row = MailMessage.objects.select_for_update(of=("self",)).get(pk=key, client_id=request.client_id)
    row.request = request
    content = open_content(row)
    uploads = [Upload(one.name, one.kind, open_file(row, content, one)) for one in content.files]
    columns: dict[str, object] = {name: getattr(row, name) for name in _KEPT}
    row.state, row.content, row.files = MessageState.MOVED, None, 0
    row.message_key, row.content_key = row.pk.bytes, None  # the hashes go along: a request may come back to this client
    row.save()
    return columns, content, uploads


@transaction.atomic
def record_check(error: MailboxError | None, *, at: datetime) -> MailboxCheck:
    """Record that the mailbox was read, or why it could not be; in PakTaleem's context."""
    advisory_lock("mailbox/check")
    row = MailboxCheck.objects.filter(client_id=PAKTALEEM).first() or MailboxCheck(client_id=PAKTALEEM)
    if error is None:
        row.read_at, row.failing_since, row.error = at, None, ""
    else:
        row.failing_since, row.error = row.failing_since or at, error.value
    row.save()
    return row


MAILBOX_MESSAGES = DataKind(
    code="mailbox_messages",
    name=gettext_lazy("Messages of the support mailbox that need nothing more"),
    counted_from=gettext_lazy("The time an officer settled it; a message of a request is kept as its texts are"),
    disposal=Disposal.KEY,
    bounds=Bounds(30, 7, 365),
    due=list_settled,
    purge=lambda client_id, at, **_actor: purge_settled_messages(client_id, at=at),
)

"""Kinds of messages (emails and text messages), and services that enqueue them.

Delivery is at least once; the Message-ID is derived from the row's id, so that a repetition can be recognised.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_lazy

from paktaleem.directory.mail.models import Channel, Letter, LetterState
from paktaleem.directory.mail.recipients import GivenContact, forget_address, seal_address
from paktaleem.directory.mail.rendering import encrypt_context, render
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, Authorship
from paktaleem.foundation.accounts.acts import Refused, act, as_given
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.roles import Capability, Role
from paktaleem.foundation.audit.actors import Reason, actor_fields
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.upkeep.periods.kinds import DataKind, Disposal

TEXT_MESSAGE_FIELDS = frozenset({"client", "code", "days", "minutes", "rights", "url"})
"""Fields allowed in a text message, which is visible on a locked screen: none of them names a person."""


@dataclass(frozen=True, slots=True)
class MessageKind:
    """A kind of message; its template is ``templates/mail/<code>.<language>.txt``, with the subject as first line.

    ``fields`` are exactly the template's variables besides ``client``, the client's name. ``life`` is how long the
    message is worth sending. With ``is_texted`` there is also ``<code>.<language>.text``, for a text message. With
    ``is_automatic_reply`` its envelope has no sender, so that no failure report comes back (RFC 3834).
    """

    code: str
    fields: frozenset[str]
    life: timedelta | None = None
    is_texted: bool = False
    is_automatic_reply: bool = False


_KINDS: dict[str, MessageKind] = {}


def declare_message(
    code: str,
    *,
    fields: Iterable[str] = (),
    life: timedelta | None = None,
    is_texted: bool = False,
    is_automatic_reply: bool = False,
) -> MessageKind:
    """Declare a kind of message and return it. Raises ValueError for a text with a personal field, or a taken code."""
    kind = MessageKind(code, frozenset(fields), life, is_texted, is_automatic_reply)
    if is_texted and not kind.fields <= TEXT_MESSAGE_FIELDS:
        raise ValueError(f"{code}: a text message may hold only {', '.join(sorted(TEXT_MESSAGE_FIELDS))}.")
    if _KINDS.setdefault(code, kind) != kind:
        raise ValueError(f"The message kind {code} is already declared with other values.")
    return kind


def get_message_kind(code: str) -> MessageKind:
    """Return a declared kind. Raises KeyError."""
    return _KINDS[code]


def list_message_kinds() -> list[MessageKind]:
    """Return all kinds, sorted by code."""
    return [_KINDS[code] for code in sorted(_KINDS)]


letter_outcomes: ExtensionPoint[Callable[[Letter, Actor, datetime], None]] = ExtensionPoint(
    "mail.letter_outcomes", "Called in the transaction that records a message as sent or as finally failed."
)


DELIVER = "mail.deliver"
GRACE = timedelta(minutes=10)
"""Delay after which a queued message counts as stalled."""
_NEXT_CHECK_AFTER = timedelta(hours=1)
ADDRESS_LIFE = timedelta(days=30)
"""Time after which a message to an address is not sent any more, and the address is deleted."""


class SendArguments(Authorship, total=False):
    """The author and time of a message, the row that it is about, and its language."""

    language: str | None
    related_id: UUID | None


@transaction.atomic
def send_message(
    kind: str,
    *,
    to: Subject | User | GivenContact,
    client_id: UUID,
    context: Mapping[str, str] | None = None,
    channel: Channel | str = Channel.MAIL,
    language: str | None = None,
    related_id: UUID | None = None,
    actor: Actor,
    at: datetime,
) -> Letter:
    """Enqueue a message to one person; the worker sends it once the caller's transaction has committed.

    ``context`` has exactly the kind's fields, as short texts, deleted once the message is sent. ``language`` is by
    default the person's own, or English. This is called in the context of ``client_id``; no capability is checked, as
    the act it reports was authorised. ``at`` is on the client's clock. Raises ValueError for a context that does not
    match, a link without a host or a number by email, TemplateDoesNotExist, KeyDestroyed for an erased person.
    """
    declared, values = get_message_kind(kind), dict(context or {})
    _check_values(declared, values)
    chosen_language = language or to.language
    life = declared.life or (ADDRESS_LIFE if isinstance(to, GivenContact) else None)
    letter = Letter(
        id=new_id(),
        client_id=client_id,
        kind=kind,
        language=chosen_language,
        channel=Channel(channel),
        subject=to if isinstance(to, Subject) else None,
        user=to if isinstance(to, User) else None,
        to_address=isinstance(to, GivenContact),
        related_id=related_id,
        queued_at=at,
        due_at=at,
        expires_at=at + life if life else None,
        **actor_fields(actor),
    )
    if isinstance(to, GivenContact):
        seal_address(letter, to)
    render(kind, language=chosen_language, channel=letter.channel, values=values)  # fail now if the template is missing
    letter.context = encrypt_context(letter, json.dumps(values)) if values else None
    letter.save(force_insert=True)
    enqueue(letter)
    return letter


def _check_values(kind: MessageKind, values: Mapping[str, str]) -> None:
    if set(values) != kind.fields:
        raise ValueError(f"{kind.code} takes exactly: {', '.join(sorted(kind.fields)) or 'nothing'}.")
    if not values.get("url", "https://").startswith(("https://", "http://")):
        raise ValueError(f"{kind.code}: the link has no host. Build it with build_public_url or get_public_url.")


def enqueue(letter: Letter) -> None:
    """Enqueue the delivery job in this transaction; its arguments are two ids."""
    enqueue_job(DELIVER, due_at=to_wall_clock(letter.due_at), client=str(letter.client_id), letter=str(letter.id))


def is_resendable(letter: Letter, at: datetime) -> bool:
    """Return True if a message has failed and has not expired."""
    return letter.state == LetterState.FAILED and (letter.expires_at is None or letter.expires_at > at)


@act(
    "resend",
    "Send again",
    Capability.CONTACT_PEOPLE,
    lead="The message is sent again to the person's current address.",
    done="The message is queued.",
    lock=as_given,
)
def resend_message(letter: Letter, *, actor: Actor, reason: Reason | str, at: datetime) -> Letter:
    """Retry a failed message from the start. Raises Refused, NotAllowed."""
    letter = Letter.objects.select_for_update(of=("self",)).get(pk=letter.pk, client_id=letter.client_id)
    if not is_resendable(letter, at):
        raise Refused(gettext("The message has not failed, or has expired."))
    letter.state, letter.attempts, letter.due_at = LetterState.QUEUED, 0, at
    letter.save(update_fields=["state", "attempts", "due_at"])
    facts = {"letter": str(letter.id), "kind": letter.kind, "reason": Reason(reason).value}
    record_entry(
        "letter.requeued", client_id=letter.client_id, subject_id=letter.subject_id, facts=facts, actor=actor, at=at
    )
    enqueue(letter)
    return letter


def list_clients_with_stalled_messages(*, at: datetime) -> list[UUID]:
    """Return the ids of clients with stalled messages; needs an officer context."""
    waiting = Letter.objects.filter(state=LetterState.QUEUED, due_at__lt=at - GRACE)
    return list(waiting.order_by().values_list("client_id", flat=True).distinct())


@transaction.atomic
def requeue_stalled_messages(client_id: UUID, *, at: datetime) -> int:
    """Enqueue stalled messages again, at most 500, and return their number; a crashed worker leaves them behind."""
    stalled = Letter.objects.select_for_update(of=("self",), skip_locked=True).filter(
        client_id=client_id, state=LetterState.QUEUED, due_at__lt=at - GRACE
    )
    found = list(stalled.order_by("due_at")[:500])
    for letter in found:
        letter.due_at = at
        enqueue(letter)
        letter.due_at = at + _NEXT_CHECK_AFTER
        letter.save(update_fields=["due_at"])
    return len(found)


@transaction.atomic
def purge_addresses(client_id: UUID, *, at: datetime) -> int:
    """Destroy the keys of expired messages to an address, at most 500, and return their number."""
    rows = list_expired_addresses(at).filter(client_id=client_id).select_for_update(of=("self",), skip_locked=True)
    found = list(rows[:500])
    for letter in found:
        forget_address(letter)
        letter.save(update_fields=["address", "epoch", "wrapped", "context"])
    return len(found)


def list_expired_addresses(at: datetime) -> QuerySet[Letter]:
    """List the messages that still have an address or a text, and whose validity ended before ``at``."""
    return Letter.objects.filter(wrapped__isnull=False, expires_at__lte=at)


EMAIL_STAFF = "mail.email_staff"


def enqueue_staff_email(
    kind: MessageKind, *, client_id: UUID, row_id: UUID, page: str, roles: Iterable[Role], **context: str
) -> None:
    """Enqueue a job that emails staff about a row of a client, each in their own context.

    ``page`` names the row's page in the console, which becomes the link ``url``; ``school`` becomes the client's name.
    ``roles`` are the client's administrators, PakTaleem's privacy officers, or both. ``context`` names no person.
    """
    client, row, names = str(client_id), str(row_id), ",".join(role.value for role in roles)
    values = json.dumps(context)
    enqueue_job(EMAIL_STAFF, client=client, row=row, page=page, kind=kind.code, roles=names, context=values)


MESSAGES = DataKind(
    code="messages",
    name=gettext_lazy("Addresses and texts of emails and text messages"),
    counted_from=gettext_lazy(
        "The end of the message’s validity, which its kind sets: the link in it then leads nowhere"
    ),
    disposal=Disposal.KEY,
    due=list_expired_addresses,
    purge=lambda client_id, at, **_actor: purge_addresses(client_id, at=at),
)

"""Follow-up of invitations: deliveries, confirmations, reminders, expiry, and answers given elsewhere."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from children.guardians.models.authorisations import Decision, ServiceAuthorisation
from children.guardians.models.guardians import Guardianship
from children.invitations.messages import CONFIRMATION, INVITATION, REMINDER
from children.invitations.models import ContactProblem, Invitation
from children.invitations.services.inviting import send_invitation_message
from children.invitations.services.purging import purge_invited_contact
from children.invitations.services.steps import change_state, lock_guardian, record_step
from children.invitations.states import OPEN, State
from paktaleem.directory.access_links.messages import INVITATION_LIFE
from paktaleem.directory.mail.kinds import MessageKind
from paktaleem.directory.mail.models import Channel, Letter, LetterState
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability

_AT_ONCE = 20
_WRITABLE = (State.CONTACT_PENDING, State.NOTICE_SENT, State.DELIVERY_FAILED, State.VIEWED)


def list_clients_with_open_invitations() -> list[UUID]:
    """List the clients with open invitations; requires the officers' context."""
    waiting = Invitation.objects.filter(state__in=sorted(OPEN)).order_by()
    return list(waiting.values_list("client_id", flat=True).distinct())


def process_invitations(client_id: UUID, *, after: UUID | None = None, actor: Actor, at: datetime) -> UUID | None:
    """Process the due invitations of the next batch of a client's guardians, those with ids greater than ``after``.

    Returns the id of the last guardian processed, or None at the end. Idempotent.
    """
    due = Invitation.objects.filter(client_id=client_id, state__in=sorted(OPEN)).filter(_due(at))
    later = due.filter(guardian_id__gt=after) if after else due
    guardians = list(later.order_by("guardian_id").values_list("guardian_id", flat=True).distinct()[:_AT_ONCE])
    for guardian_id in guardians:
        with transaction.atomic():
            guardian = Subject.objects.select_related("client").get(pk=guardian_id, client_id=client_id)
            lock_guardian(guardian)
            _follow(guardian, actor, at)
    return guardians[-1] if guardians else None


def close_invitations(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Close every open invitation of a client now, at the end of its agreement; return how many.

    The worker expires them, and deletes the contacts, in the next minute. Raises NotAllowed.
    """
    require(actor, Capability.INVITE_GUARDIANS, client_id)
    rows = Invitation.objects.filter(client_id=client_id, state__in=sorted(OPEN), closes_at__gt=at, asked_at__lt=at)
    return rows.update(closes_at=at)


def _due(at: datetime) -> Q:
    return Q(
        Q(closes_at__lte=at)
        | _confirmation_is_due(at)
        | _reminder_is_due(at)
        | _first_message_is_due(at)
        | _is_obsolete(at)
        | Exists(_failed_messages())
        | Q(Exists(_sent_messages()), delivered_at=None)
        | Exists(_answers())
    )


def _failed_messages() -> QuerySet[Letter]:
    return Letter.objects.filter(client_id=OuterRef("client_id"), pk=OuterRef("letter"), state=LetterState.FAILED)


def _sent_messages() -> QuerySet[Letter]:
    return Letter.objects.filter(client_id=OuterRef("client_id"), pk=OuterRef("letter"), state=LetterState.SENT)


def _answers() -> QuerySet[ServiceAuthorisation]:
    return ServiceAuthorisation.objects.filter(
        client_id=OuterRef("client_id"),
        child_id=OuterRef("child_id"),
        guardian_id=OuterRef("guardian_id"),
        recorded_at__gte=OuterRef("asked_at"),
    )


def _is_obsolete(at: datetime) -> Q:
    """Return a condition for invitations about a child who is erased, of age or left, or to an ended guardian."""
    guardianships = Guardianship.objects.live(at).still_named()
    pair = {name: OuterRef(name) for name in ("client_id", "child_id", "guardian_id")}
    erased = Q(child__erased_at__isnull=False) | Q(child__erasure_started_at__isnull=False)
    grown = erased | Q(child__of_age_at__lte=at)
    left = Q(child__account_closed_at__gt=F("asked_at"))
    return grown | left | Q(~Exists(guardianships.filter(**pair)))


def _confirmation_is_due(at: datetime) -> Q:
    return Q(state=State.VERIFYING, confirm_sent_at=None, confirm_due_at__lte=at)


def _reminder_is_due(at: datetime) -> Q:
    old = Q(sent_at__lte=at - INVITATION_LIFE)
    return Q(state__in=[State.NOTICE_SENT, State.VIEWED], reminders__lt=settings.INVITATION_REMINDERS) & old


def _first_message_is_due(at: datetime) -> Q:
    waited = Q(asked_at__lte=at - timedelta(days=1)) & (Q(sent_at=None) | Q(sent_at__lte=at - timedelta(days=1)))
    return Q(problem=ContactProblem.TOO_MANY, state__in=[*_WRITABLE]) & waited


def _follow(guardian: Subject, actor: Actor, at: datetime) -> None:
    rows = Invitation.objects.select_for_update(of=("self",)).filter(
        client_id=guardian.client_id, guardian=guardian, state__in=sorted(OPEN)
    )
    _close_answered(rows, actor, at)
    _record_deliveries(rows, actor, at)
    expired = list(rows.filter(Q(closes_at__lte=at) | _is_obsolete(at)))
    for row in expired:
        change_state(row, State.EXPIRED)
        record_step("guardian.invitation_expired", row, actor=actor, at=at)
    if expired:
        purge_invited_contact(guardian, actor=actor, at=at)
    guardian.refresh_from_db(fields=["erased_at"])
    if guardian.erased_at is None:
        _write(guardian, rows.filter(_confirmation_is_due(at)), CONFIRMATION, actor, at)
        _write(guardian, rows.filter(_reminder_is_due(at)), REMINDER, actor, at)
        _write(guardian, rows.filter(_first_message_is_due(at)), INVITATION, actor, at)


def _close_answered(rows: QuerySet[Invitation], actor: Actor, at: datetime) -> None:
    """Close invitations that were answered on paper, in person or through the school."""
    for row in rows.filter(Exists(_answers())):
        answers = ServiceAuthorisation.objects.filter(
            client_id=row.client_id, child_id=row.child_id, guardian_id=row.guardian_id
        )
        latest = answers.order_by("-recorded_at", "-id").first()
        if latest is not None:
            gave = latest.decision == Decision.GIVEN
            change_state(row, State.GIVEN if gave else State.REFUSED, answered_at=max(latest.recorded_at, row.asked_at))
            record_step("guardian.answered_elsewhere", row, actor=actor, at=at)


def _record_deliveries(rows: QuerySet[Invitation], actor: Actor, at: datetime) -> None:
    """Record, once for each message, whether it was sent or failed."""
    for row in rows.filter(Exists(_sent_messages()), delivered_at=None):
        change_state(row, row.state, delivered_at=at)
        record_step("guardian.reached", row, letter=str(row.letter), actor=actor, at=at)
    for row in rows.filter(Exists(_failed_messages()), state=State.NOTICE_SENT):
        change_state(row, State.DELIVERY_FAILED)
        record_step("guardian.not_reached", row, letter=str(row.letter), actor=actor, at=at)


def _write(guardian: Subject, rows: Iterable[Invitation], kind: MessageKind, actor: Actor, at: datetime) -> None:
    by_channel: defaultdict[str, list[Invitation]] = defaultdict(list)
    for row in rows:
        if row.channel:
            by_channel[row.channel].append(row)
    for channel, batch in by_channel.items():
        if send_invitation_message(guardian, batch, kind=kind, channel=Channel(channel), at=at):
            _record_message(batch, kind, actor, at)


def _record_message(rows: Iterable[Invitation], kind: MessageKind, actor: Actor, at: datetime) -> None:
    for row in rows:
        if kind is CONFIRMATION:
            change_state(row, row.state, confirm_sent_at=at)
        elif kind is REMINDER:
            change_state(row, row.state, reminders=row.reminders + 1)
        record_step(f"guardian.{_WRITTEN[kind.code]}", row, letter=str(row.letter), actor=actor, at=at)


_WRITTEN = {
    CONFIRMATION.code: "asked_to_confirm",
    REMINDER.code: "reminded",
    INVITATION.code: "written_to",
}

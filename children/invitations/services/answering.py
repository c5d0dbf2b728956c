"""Guardians' answers on their own page; an unverified guardian's consent needs a confirmation (decision 0031)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce
from operator import or_
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from children.guardians.authority import Guardian, Method
from children.guardians.contacts import ContactRejection
from children.guardians.models import Decision, Guardianship, Route, ServiceAuthorisation
from children.guardians.selectors import get_live_guardianship, load_child_facts, require_child
from children.guardians.services.answers import lock_child, record_service_answer
from children.guardians.services.verifications import record_verification
from children.invitations.models import AWAITING_ANSWER, OPEN, ContactProblem, Invitation, State
from children.invitations.selectors import TokenStale, list_wards
from children.invitations.services.inviting import (
    CONFIRMATION,
    INVITATION,
    REMINDER,
    UNANSWERED,
    ContactRefused,
    change_state,
    create_invitation,
    is_contact_usable,
    lock_guardian,
    lock_open_invitation,
    purge_invited_contact,
    record_step,
    send_invitation_message,
)
from paktaleem.directory.access_links.models import Page, PageCode
from paktaleem.directory.access_links.services import INVITATION_LIFE
from paktaleem.directory.mail.models import Channel, Letter, LetterState
from paktaleem.directory.mail.services import MessageKind
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import record_access
from paktaleem.foundation.accounts.actors import Actor, Authorship, person_actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.upkeep.periods.services import get_period


class NotTheGuardian(LookupError):
    """The person is not a guardian who may decide for this child."""


class NothingToConfirm(Exception):
    """There is no consent to confirm, or the guardian has not signed in since the confirmation was requested."""


class Outcome(StrEnum):
    """The result of a consent: given, or waiting for the second confirmation."""

    GIVEN = "given"
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """A guardian's answer: the child, the contact (``channel``) proved at the sign-in, and what was shown when."""

    child: Subject
    guardian: Subject
    channel: str
    signed_in_at: datetime
    shown_at: datetime
    shown_hash: str
    language: str
    portal: str
    at: datetime

    @property
    def actor(self) -> Actor:
        """The guardian, acting for this child and no other."""
        return person_actor(self.guardian.pk, self.guardian.client_id, acts_for=self.child.pk)


@transaction.atomic
def record_service_consent(saying: AnswerContext) -> Outcome:
    """Record a verified guardian's consent to the service; another's waits for confirmation (policy §8).

    Raises TokenStale after a later refusal, GuardianshipUnknown, NotAChild, ContactRefused, NotTheGuardian,
    AlreadyErased.
    """
    known = _lock_and_check(saying)
    if _refused_since(known, saying.shown_at):
        raise TokenStale
    if known.has_authority(saying.at):
        _record_answer(saying, Decision.GIVEN)
        _close_invitation(saying, State.GIVEN)
        return Outcome.GIVEN
    row = lock_open_invitation(saying.child, saying.guardian) or create_invitation(
        saying.child,
        saying.guardian,
        state=State.VIEWED,
        channel=saying.channel,
        portal=saying.portal,
        asked_at=saying.at,
        viewed_at=saying.at,
        closes_at=saying.at + get_period(UNANSWERED.code),
        actor=saying.actor,
    )  # a guardian may sign in without having been invited
    if row.state != State.VERIFYING or row.said_words != saying.shown_hash:
        _await_confirmation(row, saying)
    return Outcome.WAITS


def _await_confirmation(row: Invitation, saying: AnswerContext) -> None:
    if row.state == State.CONTACT_PENDING:
        change_state(row, State.NOTICE_SENT)
    change_state(
        row,
        State.VERIFYING,
        said_at=saying.at,
        said_words=saying.shown_hash,
        said_language=saying.language,
        confirm_due_at=saying.at + timedelta(minutes=settings.GUARDIAN_CONFIRM_MINUTES),
        confirm_sent_at=None,
        channel=saying.channel,
        problem="",
    )
    record_step("guardian.said_yes", row, shown_hash=saying.shown_hash, actor=saying.actor, at=saying.at)


@transaction.atomic
def confirm_yes(saying: AnswerContext) -> None:
    """Record the second confirmation: it verifies the guardian, and the consent counts (policy §8, decision 0030).

    It requires a later sign-in by the same contact (16 CFR 312.5(b)(2)(viii), (ix)). Raises NothingToConfirm,
    TokenStale, GuardianshipUnknown, NotAChild, ContactRefused, NotTheGuardian, AlreadyErased.
    """
    known = _lock_and_check(saying)
    row = lock_open_invitation(saying.child, saying.guardian)
    if row is None or row.state != State.VERIFYING or row.confirm_sent_at is None or _refused_since(known, row.said_at):
        raise NothingToConfirm
    if saying.signed_in_at < row.confirm_sent_at or saying.channel != row.channel:
        raise NothingToConfirm
    if saying.shown_hash != row.said_words:
        raise TokenStale
    method = Method.EMAIL_PLUS if saying.channel == Channel.MAIL else Method.TEXT_PLUS
    by: Authorship = {"actor": saying.actor, "at": saying.at}
    record_step("guardian.confirmed", row, letter=str(row.letter), method=method.value, **by)
    guardianship = get_live_guardianship(saying.child, saying.guardian, at=saying.at)
    record_verification(guardianship, method=method, kept={}, reason=Reason.SUBJECT_REQUEST, **by)
    _record_answer(replace(saying, language=row.said_language), Decision.GIVEN)
    _close_invitation(saying, State.GIVEN)


@transaction.atomic
def record_service_refusal(saying: AnswerContext) -> None:
    """Record a refusal, which needs no verification (policy §8). Raises GuardianshipUnknown, AlreadyErased."""
    lock_guardian(saying.guardian)
    _record_answer(saying, Decision.REFUSED)
    _close_invitation(saying, State.REFUSED)


@transaction.atomic
def withdraw_service_consent(saying: AnswerContext) -> None:
    """Withdraw a consent at once (GDPR Art. 7(3)). Raises NoConsentGiven, GuardianshipUnknown, AlreadyErased."""
    lock_guardian(saying.guardian)
    _record_answer(saying, Decision.WITHDRAWN)


@transaction.atomic
def record_sharing_answer(saying: AnswerContext, *, shares: bool) -> None:
    """Record the separate answer about recipients of a guardian who consented to the service (16 CFR 312.5(a)(2)).

    Raises NotTheGuardian, TooWeakToShare, GuardianshipUnknown, ContactRefused, AlreadyErased.
    """
    known = _lock_and_check(saying)
    if known.answer is None or known.answer.is_no or not known.has_authority(saying.at):
        raise NotTheGuardian
    _record_answer(saying, Decision.GIVEN, shares=shares)


def record_guardian_sign_in(door: PageCode, at: datetime) -> None:
    """Record a sign-in by a code for the guardian's page; opening the link alone records nothing."""
    if door.page == Page.GUARDIAN:
        record_guardian_visit(door.subject, at)


def record_guardian_visit(guardian: Subject, at: datetime) -> None:
    """Record that a person who proved themselves by a code opens the page about their children, as a sign-in does."""
    rows = Invitation.objects.select_for_update().filter(
        client_id=guardian.client_id, guardian_id=guardian.pk, state__in=sorted(AWAITING_ANSWER)
    )
    actor = person_actor(guardian.pk, guardian.client_id, acts_for=guardian.pk)
    for row in rows:
        if row.state != State.VIEWED:
            change_state(row, State.VIEWED, viewed_at=at)
            record_step("guardian.viewed", row, actor=actor, at=at)
    for ward in list_wards(guardian, at=at):
        record_access(ward.child, ["full_name"], actor=actor, reason=Reason.SUBJECT_REQUEST, at=at)


def _lock_and_check(saying: AnswerContext) -> Guardian:
    lock_guardian(saying.guardian)
    child = lock_child(saying.child)
    row = get_live_guardianship(child, saying.guardian, at=saying.at)
    require_child(child, at=saying.at)
    known = load_child_facts(child).find_guardian(row.pk)
    if known is None or not known.is_live(saying.at) or saying.guardian.pk == child.pk:
        raise NotTheGuardian
    if not is_contact_usable(saying.channel, child, saying.guardian, at=saying.at):
        raise ContactRefused(ContactRejection.OF_THE_CHILD)
    return known


def _refused_since(known: Guardian, moment: datetime | None) -> bool:
    answer = known.answer
    return answer is not None and answer.is_no and (moment is None or answer.recorded_at >= moment)


def _record_answer(saying: AnswerContext, decision: Decision, *, shares: bool | None = None) -> None:
    record_service_answer(
        saying.child,
        guardian=saying.guardian,
        decision=decision,
        shares=shares,
        route=Route.PORTAL,
        shown_hash=saying.shown_hash,
        language=saying.language,
        actor=saying.actor,
        at=saying.at,
    )


def _close_invitation(saying: AnswerContext, state: State) -> None:
    row = lock_open_invitation(saying.child, saying.guardian)
    if row is not None:
        change_state(row, state, answered_at=saying.at, problem="")
        record_step("guardian.invitation_answered", row, actor=saying.actor, at=saying.at)


_AT_ONCE = 20
_WRITABLE = (State.CONTACT_PENDING, State.NOTICE_SENT, State.DELIVERY_FAILED, State.VIEWED)


def process_invitations(client_id: UUID, *, after: UUID | None = None, actor: Actor, at: datetime) -> UUID | None:
    """Process due invitations of the next guardians by id; return the last one's id, None at the end. Idempotent."""
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
    """Close a client's open invitations; the worker then deletes the contacts. Returns how many. Raises NotAllowed."""
    require(actor, Capability.MANAGE_GUARDIANS, client_id)
    rows = Invitation.objects.filter(client_id=client_id, state__in=sorted(OPEN), closes_at__gt=at, asked_at__lt=at)
    return rows.update(closes_at=at)


def _due(at: datetime) -> Q:
    return Q(
        Q(closes_at__lte=at)
        | reduce(or_, _due_messages(at).values())
        | _is_obsolete(at)
        | _message_is(LetterState.FAILED)
        | Q(_message_is(LetterState.SENT), delivered_at=None)
        | Exists(_answers())
    )


def _message_is(state: LetterState) -> Exists:
    return Exists(Letter.objects.filter(client_id=OuterRef("client_id"), pk=OuterRef("letter"), state=state))


def _answers() -> QuerySet[ServiceAuthorisation]:
    return ServiceAuthorisation.objects.filter(
        client_id=OuterRef("client_id"),
        child_id=OuterRef("child_id"),
        guardian_id=OuterRef("guardian_id"),
        recorded_at__gte=OuterRef("asked_at"),
    )


def _is_obsolete(at: datetime) -> Q:
    guardianships = Guardianship.objects.live(at).still_named()
    pair = {name: OuterRef(name) for name in ("client_id", "child_id", "guardian_id")}
    erased = Q(child__erased_at__isnull=False) | Q(child__erasure_started_at__isnull=False)
    grown = erased | Q(child__of_age_at__lte=at)
    left = Q(child__account_closed_at__gt=F("asked_at"))
    return grown | left | Q(~Exists(guardianships.filter(**pair)))


def _due_messages(at: datetime) -> dict[MessageKind, Q]:
    reminded = Q(state__in=[State.NOTICE_SENT, State.VIEWED], reminders__lt=settings.INVITATION_REMINDERS)
    day_ago = at - timedelta(days=1)
    waited = Q(asked_at__lte=day_ago) & (Q(sent_at=None) | Q(sent_at__lte=day_ago))
    return {
        CONFIRMATION: Q(state=State.VERIFYING, confirm_sent_at=None, confirm_due_at__lte=at),
        REMINDER: reminded & Q(sent_at__lte=at - INVITATION_LIFE),
        INVITATION: Q(problem=ContactProblem.TOO_MANY, state__in=[*_WRITABLE]) & waited,
    }


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
        for kind, due in _due_messages(at).items():
            _write(guardian, rows.filter(due), kind, actor, at)


def _close_answered(rows: QuerySet[Invitation], actor: Actor, at: datetime) -> None:
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
    for row in rows.filter(_message_is(LetterState.SENT), delivered_at=None):
        change_state(row, row.state, delivered_at=at)
        record_step("guardian.reached", row, letter=str(row.letter), actor=actor, at=at)
    for row in rows.filter(_message_is(LetterState.FAILED), state=State.NOTICE_SENT):
        change_state(row, State.DELIVERY_FAILED)
        record_step("guardian.not_reached", row, letter=str(row.letter), actor=actor, at=at)


def _write(guardian: Subject, rows: Iterable[Invitation], kind: MessageKind, actor: Actor, at: datetime) -> None:
    by_channel: defaultdict[str, list[Invitation]] = defaultdict(list)
    for row in rows:
        if row.channel:
            by_channel[row.channel].append(row)
    for channel, batch in by_channel.items():
        if not send_invitation_message(guardian, batch, kind=kind, channel=Channel(channel), at=at):
            continue
        for row in batch:
            if kind is CONFIRMATION:
                change_state(row, row.state, confirm_sent_at=at)
            elif kind is REMINDER:
                change_state(row, row.state, reminders=row.reminders + 1)
            record_step(f"guardian.{_WRITTEN[kind.code]}", row, letter=str(row.letter), actor=actor, at=at)


_WRITTEN = {CONFIRMATION.code: "asked_to_confirm", REMINDER.code: "reminded", INVITATION.code: "written_to"}

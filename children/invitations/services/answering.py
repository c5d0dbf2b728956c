"""What guardians answer on their own page: a yes of one who is not verified waits for a second, later confirmation."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction

from children.guardians.authority import Guardian
from children.guardians.contacts import Unusable
from children.guardians.models import Decision, Route
from children.guardians.selectors import child_facts, live_guardianship
from children.guardians.services import answer_service, record_verification
from children.guardians.services.locking import locked_child
from children.guardians.strength import Method
from children.invitations.checking import is_fit
from children.invitations.models import Invitation
from children.invitations.selectors import wards_of
from children.invitations.services.inviting import ContactRefused
from children.invitations.services.steps import (
    locked_open,
    move,
    new_invitation,
    take_guardian,
    write_down,
)
from children.invitations.shown import SeenStale
from children.invitations.states import ANSWERED, ASKED, State
from paktaleem.directory.access_links.models import Page, PageCode
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services import record_look
from paktaleem.foundation.accounts.actors import Actor, person_actor
from paktaleem.foundation.audit.by import Reason

__all__ = [
    "NotAskedAgain",
    "NotTheirs",
    "Outcome",
    "Saying",
    "answer_sharing",
    "confirm_yes",
    "note_arrival",
    "say_no",
    "say_yes",
    "take_back",
]


class NotTheirs(LookupError):
    """The person does not stand as a guardian who may decide for this child."""


class NotAskedAgain(Exception):
    """There is no yes to confirm, its second letter has not gone yet, or the page was opened before it went."""


class Outcome(StrEnum):
    """What a yes came to."""

    GIVEN = "given"
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class Saying:
    """Who says something about which child, how they came in, what they were shown, when.

    ``channel`` is the contact they proved to read, ``came_in_at`` when they did; ``shown_at`` is when the words were
    shown to which a yes answers.
    """

    child: Subject
    guardian: Subject
    channel: str
    came_in_at: datetime
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
def say_yes(saying: Saying) -> Outcome:
    """Record a verified guardian's yes to the service; another's waits for the second confirmation.

    A yes to words that were shown before the guardian's last no is stale: whatever is on its way undoes no no.
    Raises SeenStale, GuardianshipUnknown, ContactRefused, NotTheirs, AlreadyErased.
    """
    known = _stands(saying)
    if _has_said_no_since(known, saying.shown_at):
        raise SeenStale
    if known.has_authority(saying.at):
        _answer(saying, Decision.GIVEN)
        _settle(saying, State.GIVEN)
        return Outcome.GIVEN
    row = locked_open(saying.child, saying.guardian) or _of_their_own(saying)
    if row.state != State.VERIFYING or row.said_words != saying.shown_hash:
        _await_confirmation(row, saying)
    return Outcome.WAITS


def _await_confirmation(row: Invitation, saying: Saying) -> None:
    """Keep to which words the yes was said, and have the second letter go after a while."""
    if row.state == State.CONTACT_PENDING:
        move(row, State.NOTICE_SENT)
    move(
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
    write_down("guardian.said_yes", row, shown_hash=saying.shown_hash, actor=saying.actor, at=saying.at)


@transaction.atomic
def confirm_yes(saying: Saying) -> None:
    """Take the second confirmation: the guardian is verified by it (email-plus, text-plus), and the yes counts.

    It needs a code that was asked for after the second letter went, by the same contact. A no that the guardian said
    elsewhere since their yes stands: there is nothing to confirm. ``shown_hash`` is of the words as they are now; the
    answer is recorded with those to which the yes was said, and words that changed meanwhile are read again first.
    Raises NotAskedAgain, SeenStale, GuardianshipUnknown, ContactRefused, NotTheirs, AlreadyErased.
    """
    known = _stands(saying)
    row = locked_open(saying.child, saying.guardian)
    if row is None or row.state != State.VERIFYING or row.confirm_sent_at is None:
        raise NotAskedAgain
    if _has_said_no_since(known, row.said_at):
        raise NotAskedAgain
    if saying.came_in_at < row.confirm_sent_at or saying.channel != row.channel:
        raise NotAskedAgain
    if saying.shown_hash != row.said_words:
        raise SeenStale
    method = Method.EMAIL_PLUS if saying.channel == Channel.MAIL else Method.TEXT_PLUS
    write_down("guardian.confirmed", row, letter=str(row.letter), method=method.value, actor=saying.actor, at=saying.at)
    record_verification(
        live_guardianship(saying.child, saying.guardian, at=saying.at),
        method=method,
        kept={},
        actor=saying.actor,
        reason=Reason.SUBJECT_REQUEST,
        at=saying.at,
    )
    _answer(replace(saying, language=row.said_language), Decision.GIVEN)
    _settle(saying, State.GIVEN)


@transaction.atomic
def say_no(saying: Saying) -> None:
    """Record a guardian's no: it needs no confirmation and no strength. Raises GuardianshipUnknown, AlreadyErased."""
    take_guardian(saying.guardian)
    _answer(saying, Decision.REFUSED)
    _settle(saying, State.REFUSED)


@transaction.atomic
def take_back(saying: Saying) -> None:
    """Withdraw a guardian's yes: it stops at once. Raises NothingGiven, GuardianshipUnknown, AlreadyErased."""
    take_guardian(saying.guardian)
    _answer(saying, Decision.WITHDRAWN)


@transaction.atomic
def answer_sharing(saying: Saying, *, shares: bool) -> None:
    """Record whether data may also reach recipients outside: apart from the service, and never without it.

    Raises NotTheirs where the service is not given by this guardian, TooWeakToShare, GuardianshipUnknown,
    ContactRefused, AlreadyErased.
    """
    known = _stands(saying)
    if known.answer is None or known.answer.is_no or not known.has_authority(saying.at):
        raise NotTheirs
    _answer(saying, Decision.GIVEN, shares=shares)


def note_arrival(door: PageCode, at: datetime) -> None:
    """Note that a guardian came in by a code: their invitations are opened, and they look at their children's names.

    Looking at the link notes nothing, and neither do the codes of other pages.
    """
    if door.page != Page.GUARDIAN:
        return
    rows = Invitation.objects.select_for_update().filter(
        client_id=door.client_id, guardian_id=door.subject_id, state__in=sorted(ASKED)
    )
    actor = person_actor(door.subject_id, door.client_id, acts_for=door.subject_id)
    for row in rows:
        if row.state != State.VIEWED:
            move(row, State.VIEWED, viewed_at=at)
            write_down("guardian.viewed", row, actor=actor, at=at)
    for ward in wards_of(door.subject, at=at):
        record_look(ward.child, ["full_name"], actor=actor, reason=Reason.SUBJECT_REQUEST, at=at)


def _stands(saying: Saying) -> Guardian:
    """Make sure, with the guardian's turn and the child's row taken, that this person may decide by this contact."""
    take_guardian(saying.guardian)
    child = locked_child(saying.child)
    row = live_guardianship(child, saying.guardian, at=saying.at)
    known = next((one for one in child_facts(child).guardians if one.id == row.pk), None)
    if known is None or not known.is_live(saying.at) or saying.guardian.pk == child.pk:
        raise NotTheirs
    if not is_fit(saying.channel, child, saying.guardian, at=saying.at):
        raise ContactRefused(Unusable.OF_THE_CHILD)
    return known


def _has_said_no_since(known: Guardian, moment: datetime | None) -> bool:
    answer = known.answer
    return answer is not None and answer.is_no and (moment is None or answer.recorded_at >= moment)


def _answer(saying: Saying, decision: Decision, *, shares: bool | None = None) -> None:
    answer_service(
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


def _settle(saying: Saying, state: State) -> None:
    row = locked_open(saying.child, saying.guardian)
    if row is not None and state in ANSWERED:
        move(row, state, answered_at=saying.at, problem="")
        write_down("guardian.invitation_answered", row, actor=saying.actor, at=saying.at)


def _of_their_own(saying: Saying) -> Invitation:
    """Write the row of a guardian who came by themselves: they stand as one, and nobody had asked yet."""
    columns: dict[str, Any] = {
        "state": State.VIEWED,
        "channel": saying.channel,
        "portal": saying.portal,
        "asked_at": saying.at,
        "viewed_at": saying.at,
        "closes_at": saying.at + timedelta(days=settings.INVITATION_DAYS),
    }
    return new_invitation(saying.child, saying.guardian, actor=saying.actor, **columns)

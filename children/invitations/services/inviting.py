"""Asking guardians about children: who may be asked, by which contact, in one letter for siblings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from children.guardians.contacts import Unusable
from children.guardians.models import Guardianship
from children.guardians.selectors import child_facts
from children.guardians.services import take_up_claim
from children.invitations.checking import fit_channel
from children.invitations.letters import INVITATION
from children.invitations.limits import may_be_asked, may_be_written_to
from children.invitations.models import ContactProblem, Invitation
from children.invitations.services.steps import (
    locked_open,
    move,
    new_invitation,
    take_guardian,
    write_down,
)
from children.invitations.states import State
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.services import invite_by_letter
from paktaleem.directory.mail.kinds import LetterKind
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.people.details import contact_index
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.directory.people.services import AlreadyErased, claim_guardian, register_subject
from paktaleem.foundation.accounts.actors import Actor, require, system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.by import Reason
from paktaleem.foundation.clock import by_the_machine
from paktaleem.foundation.tenancy.ids import new_id

__all__ = [
    "ASK_MANY",
    "AlreadyDecided",
    "ContactRefused",
    "NoGuardian",
    "NotAChild",
    "TooManyInvitations",
    "invite_guardian",
    "invite_guardians_of",
    "register_and_invite",
    "write_to",
]

SENDING = "children.invite"
ASK_MANY = "invitations.ask_many"


class NotAChild(Exception):
    """Nobody decides for this person but themselves."""


class NoGuardian(LookupError):
    """The person is not named as a guardian of this child, no longer is one, or may not decide."""


class AlreadyDecided(Exception):
    """This guardian has said yes already, and it stands."""


class ContactRefused(Exception):
    """The guardian's contacts could be the child's own, or many people's; ``why`` says which."""

    def __init__(self, why: Unusable) -> None:
        """Keep the reason."""
        super().__init__(why.value)
        self.why = why


class TooManyInvitations(Exception):
    """The guardian behind this contact was asked too often within the hour."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """The circumstances of one asking: under which address the pages are known, by whom, when."""

    portal: str
    actor: Actor
    at: datetime


@transaction.atomic
def invite_guardian(child: Subject, *, guardian: Subject, portal: str, actor: Actor, at: datetime) -> Invitation:
    """Ask one guardian about one child, by a contact that cannot be the child's own; ``portal`` begins the link.

    A claim of the roster is taken up: the person stands as a guardian, without authority before they are verified.
    Asked again while an answer is awaited, nothing more is sent. Raises NotAChild, NoGuardian, AlreadyDecided,
    ContactRefused, TooManyInvitations, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.INVITE_GUARDIANS, child.client_id)
    take_guardian(guardian)
    _check(child, guardian, at)
    channel, why = fit_channel(child, guardian, at=at)
    if channel is None:
        raise ContactRefused(why or Unusable.MISSING)
    if not may_be_asked(guardian, channel):
        raise TooManyInvitations
    known = locked_open(child, guardian)
    if known is not None and known.state != State.CONTACT_PENDING:
        return known
    asking = _Asking(portal, actor, at)
    row = known or _written(child, guardian, channel, "", asking)
    _send(guardian, [row], channel, asking)
    return row


@transaction.atomic
def invite_guardians_of(children: Iterable[Subject], *, portal: str, actor: Actor, at: datetime) -> list[Invitation]:
    """Ask every guardian named for these children, siblings' guardians by one letter.

    Who cannot be asked is written down as waiting for the school, with the reason. Whoever has answered, or is asked
    already, is left alone. Raises NotAllowed.
    """
    family: defaultdict[Subject, list[Subject]] = defaultdict(list)
    for child in children:
        require(actor, Capability.INVITE_GUARDIANS, child.client_id)
        for guardian in _named_for(child, at):
            family[guardian].append(child)
    asking, rows = _Asking(portal, actor, at), []
    for guardian in sorted(family, key=lambda one: one.pk):
        take_guardian(guardian)
        rows += _ask(guardian, family[guardian], asking)
    return rows


def _ask(guardian: Subject, children: Sequence[Subject], asking: _Asking) -> list[Invitation]:
    by_channel: defaultdict[Channel, list[Invitation]] = defaultdict(list)
    rows = []
    for child in children:
        if not _may_be_asked_now(child, guardian, asking.at):
            continue
        channel, why = fit_channel(child, guardian, at=asking.at)
        row = _written(child, guardian, channel, why or "", asking)
        rows.append(row)
        if channel is not None:
            by_channel[channel].append(row)
    for channel, asked in by_channel.items():
        _send(guardian, asked, channel, asking)
    return rows


def _send(guardian: Subject, rows: Sequence[Invitation], channel: Channel, asking: _Asking) -> None:
    """Send the first letter, if one may go today, and write it down of each child."""
    if write_to(guardian, rows, kind=INVITATION, channel=channel, at=asking.at):
        for row in rows:
            write_down("guardian.written_to", row, letter=str(row.letter), actor=asking.actor, at=asking.at)


def _may_be_asked_now(child: Subject, guardian: Subject, at: datetime) -> bool:
    known = Invitation.objects.filter(client_id=child.client_id, child=child, guardian=guardian)
    if known.exclude(state=State.EXPIRED).exists():
        return False
    try:
        _check(child, guardian, at)
    except (NotAChild, NoGuardian, AlreadyDecided, AlreadyErased):
        return False
    return True


@transaction.atomic
def register_and_invite(
    child: Subject, *, details: Mapping[str, Any], relationship: str, portal: str, actor: Actor, at: datetime
) -> Invitation:
    """Ask a guardian whom the learning platform names now: a person of their own, known again by the contact.

    ``details`` are the full name, email, phone and language. Raises what ``invite_guardian`` raises, ValidationError.
    """
    require(actor, Capability.INVITE_GUARDIANS, child.client_id)
    client = Client.objects.get(pk=child.client_id)
    guardian = _known_by_contact(child, details, client)
    if guardian is None:
        named = {"role": "guardian", **details}
        guardian, _ = register_subject(f"guardian-{new_id()}", client=client, details=named, actor=actor, at=at)
        reason = Reason.CLIENT_INSTRUCTION
        claim_guardian(child, guardian=guardian, relationship=relationship, actor=actor, reason=reason, at=at)
    return invite_guardian(child, guardian=guardian, portal=portal, actor=actor, at=at)


def _known_by_contact(child: Subject, details: Mapping[str, Any], client: Client) -> Subject | None:
    """Find the guardian already named for this child who has one of these contacts."""
    claimed = GuardianClaim.objects.filter(client_id=child.client_id, child=child, ends_at=None)
    people = Subject.objects.filter(client_id=child.client_id, erased_at=None, pk__in=claimed.values("guardian"))
    for field in ("email", "phone"):
        if details.get(field):
            try:
                kind, index = contact_index(client.pk, details[field], region=client.country)
            except ValueError:
                continue
            found: Subject | None = people.filter(**{f"{kind}_index": index}).order_by("id").first()
            if found is not None:
                return found
    return None


def _named_for(child: Subject, at: datetime) -> list[Subject]:
    """List who is, or is claimed to be, a guardian of this child."""
    client_id = child.client_id
    claimed = GuardianClaim.objects.filter(client_id=client_id, child=child, ends_at=None).values("guardian")
    standing = Guardianship.objects.live(at).filter(client_id=client_id, child=child).values("guardian")
    people = Subject.objects.select_related("client").filter(client_id=client_id, erased_at=None)
    return list(people.filter(pk__in=claimed.union(standing)).order_by("id"))


def _check(child: Subject, guardian: Subject, at: datetime) -> None:
    """Make sure that the one is a child, and the other stands as a guardian who may decide."""
    if child.erased_at is not None or guardian.erased_at is not None:
        raise AlreadyErased
    client = child.client
    if not child.is_child(at, thresholds=client.thresholds, serves_minors=client.serves_minors):
        raise NotAChild
    row = _standing(child, guardian, at)
    if not row.may_consent or row.court_order:
        raise NoGuardian
    known = next((one for one in child_facts(child).guardians if one.id == row.pk), None)
    answer = known.answer if known else None
    if known is not None and answer is not None and not answer.is_no and known.has_authority(at):
        raise AlreadyDecided


def _standing(child: Subject, guardian: Subject, at: datetime) -> Guardianship:
    pair = Guardianship.objects.filter(client_id=child.client_id, child=child, guardian=guardian)
    live: Guardianship | None = pair.live(at).order_by("-starts_at").first()
    if live is not None:
        return live
    claims = GuardianClaim.objects.select_related("child__client", "guardian")
    claim = claims.filter(client_id=child.client_id, child=child, guardian=guardian, ends_at=None).first()
    if claim is None or pair.exists():  # a roster that still names them does not bring an ended guardian back
        raise NoGuardian
    return take_up_claim(claim, actor=system_actor(SENDING), at=at)


def _written(child: Subject, guardian: Subject, channel: Channel | None, why: str, asking: _Asking) -> Invitation:
    row = new_invitation(
        child,
        guardian,
        state=State.CONTACT_PENDING,
        problem=why,
        channel=channel or "",
        portal=asking.portal,
        asked_at=asking.at,
        closes_at=asking.at + timedelta(days=settings.INVITATION_DAYS),
        actor=asking.actor,
    )
    kind = "guardian.invited" if channel is not None else "guardian.not_invited"
    write_down(kind, row, channel=str(row.channel), problem=why, actor=asking.actor, at=asking.at)
    return row


def write_to(
    guardian: Subject, rows: Sequence[Invitation], *, kind: LetterKind, channel: Channel, at: datetime
) -> bool:
    """Send one letter about these invitations, with a new link; say whether it may go today."""
    if not may_be_written_to(guardian, channel):
        for row in rows:
            move(row, row.state, problem=ContactProblem.TOO_MANY)
        return False
    portal = str(settings.PUBLIC_URL or rows[0].portal).rstrip("/")
    _, letter = invite_by_letter(
        guardian,
        page=Page.GUARDIAN,
        address=lambda token: portal + reverse("guardian-link", args=[token]),
        channel=channel,
        kind=kind,
        related_id=guardian.pk,
        actor=system_actor(SENDING),
        at=by_the_machine(at),
    )
    for row in rows:
        after = State.NOTICE_SENT if row.state in {State.CONTACT_PENDING, State.DELIVERY_FAILED} else row.state
        move(row, after, problem="", channel=channel, letter=letter.pk, sent_at=at, delivered_at=None)
    return True

"""Inviting guardians to decide about children, with one message for siblings (decision 0031).

COPPA, 16 CFR 312.4(c)(1)(vii) and 312.5(c)(1): a contact collected to ask is deleted if no answer comes. People known
only through an invitation are erased. For people named by the school's roster, name and contacts are deleted, since
the record itself belongs to the school. Guardians with an answer or a verification are not affected.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from children.guardians.contacts import Contact, ContactHolders, ContactRejection, why_contact_unusable
from children.guardians.models import Guardianship, ServiceAuthorisation, Verification
from children.guardians.selectors import NotAChild, load_child_facts, require_child
from children.guardians.services.guardians import accept_roster_claim
from children.invitations.models import NEXT, OPEN, ContactProblem, Invitation, State
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.services import INVITATION_LIFE, Limit, count_attempt, send_access_link
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.mail.services import MessageKind, declare_message
from paktaleem.directory.people.details import contact_index
from paktaleem.directory.people.extension_points import list_unheld
from paktaleem.directory.people.models import GuardianClaim, Subject, SubjectRole, having_any_role
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject, refuse_erased
from paktaleem.directory.people.services.people import (
    claim_guardian,
    lock_unheld_subject,
    register_subject,
    replace_key,
)
from paktaleem.foundation.accounts.actors import Actor, require, system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason, actor_fields
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.context import advisory_lock
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.services import get_cutoff, get_period

_INVITATION_LIMIT = Limit("guardian-asked/address", 10, timedelta(hours=1))
"""Invitations per contact: enough for many siblings, too few to press a guardian."""
_MESSAGE_LIMIT = Limit("guardian-letter/address", 3, timedelta(days=1))
"""Messages sent per contact, including reminders."""
_LEARNERS = (SubjectRole.STUDENT, SubjectRole.LEARNER)


def find_usable_channel(
    child: Subject, guardian: Subject, *, at: datetime
) -> tuple[Channel | None, ContactRejection | None]:
    """Return the channel to ask a guardian, email first; or None, and why the first contact cannot be used."""
    known, reasons = (_decrypt_contact(child), _decrypt_contact(guardian)), []
    for channel in (Channel.MAIL, Channel.TEXT):
        reason = _why_unusable(channel, child, guardian, known, at)
        if reason is None:
            return channel, None
        reasons.append(reason)
    return None, next((one for one in reasons if one != ContactRejection.MISSING), ContactRejection.MISSING)


def is_contact_usable(channel: Channel | str, child: Subject, guardian: Subject, *, at: datetime) -> bool:
    """Return True if the guardian's contact for ``channel`` can be used to ask about this child."""
    known = (_decrypt_contact(child), _decrypt_contact(guardian))
    return _why_unusable(Channel(channel), child, guardian, known, at) is None


def _why_unusable(
    channel: Channel, child: Subject, guardian: Subject, known: tuple[Contact, Contact], at: datetime
) -> ContactRejection | None:
    held, region = _count_holders(channel, guardian, at), child.client.country
    return why_contact_unusable(channel.value, child=known[0], guardian=known[1], holders=held, region=region)


def _decrypt_contact(person: Subject) -> Contact:
    if person.email is None and person.phone is None:
        return Contact()
    sealer, sealed = sealer_of(person), {"email": person.email, "phone": person.phone}
    texts = {
        name: sealer.open(value, column=f"people_subject.{name}") for name, value in sealed.items() if value is not None
    }
    return Contact(**texts)


def _count_holders(channel: Channel, guardian: Subject, at: datetime) -> ContactHolders:
    """Count the other people with the same contact, by its keyed hash, without decrypting anything."""
    field, index = _find_index(channel, guardian)
    if index is None:
        return ContactHolders()
    is_child = having_any_role(_LEARNERS) & (Q(of_age_at=None) | Q(of_age_at__gt=at))
    others: Any = Subject.objects.filter(client_id=guardian.client_id, erased_at=None, **{field: bytes(index)})
    found = others.exclude(pk=guardian.pk).aggregate(everybody=Count("pk"), children=Count("pk", filter=is_child))
    return ContactHolders(children=found["children"], others=found["everybody"] - found["children"])


def _find_index(channel: Channel | str, guardian: Subject) -> tuple[str, bytes | None]:
    field = "email_index" if channel == Channel.MAIL else "phone_index"
    return field, getattr(guardian, field)


def _is_within(limit: Limit, guardian: Subject, channel: Channel | str) -> bool:
    index = _find_index(channel, guardian)[1]
    return count_attempt((limit,), address=f"{guardian.client_id}/{bytes(index or b'').hex()}", ip="")


def lock_guardian(guardian: Subject) -> None:
    """Take an advisory lock on the guardian's invitations until the end of the transaction."""
    advisory_lock(f"invitations/{guardian.client_id}/{guardian.pk}")


def lock_open_invitation(child: Subject, guardian: Subject) -> Invitation | None:
    """Return the open invitation of this guardian about this child, locked, or None."""
    pair = Invitation.objects.filter(client_id=child.client_id, child=child, guardian=guardian)
    return pair.filter(state__in=sorted(OPEN)).select_for_update().first()


def create_invitation(child: Subject, guardian: Subject, *, actor: Actor, **columns: object) -> Invitation:
    """Store an invitation; the caller has checked everything, and sends it."""
    row = Invitation(client_id=child.client_id, child=child, guardian=guardian, **columns, **actor_fields(actor))
    row.save(force_insert=True)
    return row


def change_state(row: Invitation, after: str, **columns: object) -> bool:
    """Change the state and other columns of an invitation if the transition is allowed; return True if it was."""
    if row.state != after and State(after) not in NEXT[State(row.state)]:
        return False
    for name, value in {"state": after, **columns}.items():
        setattr(row, name, value)
    row.save(update_fields=["state", *columns])
    return True


def record_step(kind: str, row: Invitation, *, actor: Actor, at: Any, **facts: object) -> None:
    """Record the ledger entry of a step, with the current state, channel and problem of the invitation."""
    entry = {
        "invitation": str(row.pk),
        "guardian": str(row.guardian_id),
        "state": str(row.state),
        "channel": str(row.channel),
        "problem": str(row.problem),
        **facts,
    }
    record_entry(kind, client_id=row.client_id, subject_id=row.child_id, facts=entry, actor=actor, at=at)


# Messages never name the child, since they may be visible on a shared screen.
_KEPT = INVITATION_LIFE - timedelta(hours=1)
_FIELDS = ("url", "days")
INVITATION = declare_message("guardian_invitation", fields=_FIELDS, life=_KEPT, is_texted=True)
REMINDER = declare_message("guardian_reminder", fields=_FIELDS, life=_KEPT, is_texted=True)
CONFIRMATION = declare_message("guardian_confirmation", fields=_FIELDS, life=_KEPT, is_texted=True)
"""Sent some time after consent (COPPA, 16 CFR 312.5(b)(2)(viii) and (ix)): asks to confirm, and explains withdrawal."""
SENDING = "children.invite"
INVITE_MANY = "invitations.ask_many"


class NoGuardian(PortalError, LookupError):
    """The person is not, or no longer, a guardian of this child, or may not decide."""

    problem = Problem(
        "no-guardian",
        "This person is not a guardian who may decide for the child",
        "They are not named as a guardian, no longer are one, or may not decide.",
    )


class AlreadyDecided(PortalError):
    """The guardian has already consented, and the consent is in effect."""

    problem = Problem("already-decided", "This guardian has already consented")


class ContactRefused(Exception):
    """No contact of the guardian can be used; ``why`` is the reason."""

    def __init__(self, why: ContactRejection) -> None:
        super().__init__(why.value)
        self.why = why


class TooManyInvitations(PortalError):
    """The hourly limit of invitations to this contact is reached."""

    problem = Problem(
        "too-many-invitations",
        "This guardian has been invited too often",
        "At most ten invitations per hour to one contact. Try again later.",
        status=HTTPStatus.TOO_MANY_REQUESTS,
    )


class _InvitationContext(NamedTuple):
    portal: str
    actor: Actor
    at: datetime


@transaction.atomic
def invite_guardian(child: Subject, *, guardian: Subject, portal: str, actor: Actor, at: datetime) -> Invitation:
    """Invite one guardian by a contact that is not the child's, or return the open invitation (decision 0031).

    Raises NotAChild, NoGuardian, AlreadyDecided, ContactRefused, TooManyInvitations, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.MANAGE_GUARDIANS, child.client_id)
    lock_guardian(guardian)
    _check(child, guardian, at)
    channel, why = find_usable_channel(child, guardian, at=at)
    if channel is None:
        raise ContactRefused(why or ContactRejection.MISSING)
    if not _is_within(_INVITATION_LIMIT, guardian, channel):
        raise TooManyInvitations
    known = lock_open_invitation(child, guardian)
    if known is not None and known.state != State.CONTACT_PENDING:
        return known
    context = _InvitationContext(portal, actor, at)
    row = known or _create_invitation(child, guardian, channel, "", context)
    _send(guardian, [row], channel, context)
    return row


@transaction.atomic
def invite_guardians_of(children: Iterable[Subject], *, portal: str, actor: Actor, at: datetime) -> list[Invitation]:
    """Invite every guardian of these children who was not yet, one message for siblings (policy §8, decision 0031).

    Without a usable contact the invitation is stored with the reason, for the school. Raises NotAllowed.
    """
    family: defaultdict[Subject, list[Subject]] = defaultdict(list)
    for child in children:
        require(actor, Capability.MANAGE_GUARDIANS, child.client_id)
        for guardian in _list_guardians(child, at):
            family[guardian].append(child)
    context, rows = _InvitationContext(portal, actor, at), []
    for guardian in sorted(family, key=lambda one: one.pk):
        lock_guardian(guardian)
        rows += _invite(guardian, family[guardian], context)
    return rows


def _invite(guardian: Subject, children: Sequence[Subject], context: _InvitationContext) -> list[Invitation]:
    by_channel: defaultdict[Channel, list[Invitation]] = defaultdict(list)
    rows = []
    for child in children:
        if not _may_be_asked_now(child, guardian, context.at):
            continue
        channel, why = find_usable_channel(child, guardian, at=context.at)
        row = _create_invitation(child, guardian, channel, why or "", context)
        rows.append(row)
        if channel is not None:
            by_channel[channel].append(row)
    for channel, batch in by_channel.items():
        _send(guardian, batch, channel, context)
    return rows


def _send(guardian: Subject, rows: Sequence[Invitation], channel: Channel, context: _InvitationContext) -> None:
    if send_invitation_message(guardian, rows, kind=INVITATION, channel=channel, at=context.at):
        for row in rows:
            record_step("guardian.written_to", row, letter=str(row.letter), actor=context.actor, at=context.at)


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
    """Invite a guardian named by the learning platform, registered by contact.

    Raises ValidationError, and as ``invite_guardian``.
    """
    require(actor, Capability.MANAGE_GUARDIANS, child.client_id)
    client = Client.objects.get(pk=child.client_id)
    guardian = _find_by_contact(child, details, client)
    if guardian is None:
        named = {"role": "guardian", **details}
        guardian, _ = register_subject(f"guardian-{new_id()}", client=client, details=named, actor=actor, at=at)
        reason = Reason.CLIENT_INSTRUCTION
        claim_guardian(child, guardian=guardian, relationship=relationship, actor=actor, reason=reason, at=at)
    return invite_guardian(child, guardian=guardian, portal=portal, actor=actor, at=at)


def _find_by_contact(child: Subject, details: Mapping[str, Any], client: Client) -> Subject | None:
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


def _list_guardians(child: Subject, at: datetime) -> list[Subject]:
    client_id = child.client_id
    claimed = GuardianClaim.objects.filter(client_id=client_id, child=child, ends_at=None).values("guardian")
    standing = Guardianship.objects.live(at).still_named().filter(client_id=client_id, child=child).values("guardian")
    kept = Subject.objects.filter(client_id=client_id, erased_at=None, erasure_started_at=None)
    return list(kept.filter(pk__in=claimed.union(standing)).select_related("client").order_by("id"))


def _check(child: Subject, guardian: Subject, at: datetime) -> None:
    refuse_erased(child, guardian)
    require_child(child, at=at)
    row = _get_guardianship(child, guardian, at)
    if not row.may_consent or row.court_order:
        raise NoGuardian
    known = load_child_facts(child).find_guardian(row.pk)
    if known and known.answer and not known.answer.is_no and known.has_authority(at):
        raise AlreadyDecided


def _get_guardianship(child: Subject, guardian: Subject, at: datetime) -> Guardianship:
    pair = Guardianship.objects.filter(client_id=child.client_id, child=child, guardian=guardian)
    live: Guardianship | None = pair.live(at).still_named().order_by("-starts_at").first()
    if live is not None:
        return live
    claims = GuardianClaim.objects.select_related("child__client", "guardian")
    claim = claims.filter(client_id=child.client_id, child=child, guardian=guardian, ends_at=None).first()
    if claim is None or pair.exists():  # a roster claim does not reopen an ended guardianship
        raise NoGuardian
    return accept_roster_claim(claim, actor=system_actor(SENDING), at=at)


def _create_invitation(
    child: Subject, guardian: Subject, channel: Channel | None, why: str, context: _InvitationContext
) -> Invitation:
    row = create_invitation(
        child,
        guardian,
        state=State.CONTACT_PENDING,
        problem=why,
        channel=channel or "",
        portal=context.portal,
        asked_at=context.at,
        closes_at=context.at + get_period(UNANSWERED.code),
        actor=context.actor,
    )
    kind = "guardian.invited" if channel is not None else "guardian.not_invited"
    record_step(kind, row, channel=str(row.channel), problem=why, actor=context.actor, at=context.at)
    return row


def send_invitation_message(
    guardian: Subject, rows: Sequence[Invitation], *, kind: MessageKind, channel: Channel, at: datetime
) -> bool:
    """Send one message about these invitations with a new link; return False if three were sent in a day."""
    if not _is_within(_MESSAGE_LIMIT, guardian, channel):
        for row in rows:
            change_state(row, row.state, problem=ContactProblem.TOO_MANY)
        return False
    portal = str(settings.PUBLIC_URL or rows[0].portal).rstrip("/")
    _, letter = send_access_link(
        guardian,
        page=Page.GUARDIAN,
        address=lambda token: portal + reverse("guardian-link", args=[token]),
        channel=channel,
        kind=kind,
        related_id=guardian.pk,
        actor=system_actor(SENDING),
        at=to_wall_clock(at),
    )
    for row in rows:
        after = State.NOTICE_SENT if row.state in {State.CONTACT_PENDING, State.DELIVERY_FAILED} else row.state
        change_state(row, after, problem="", channel=channel, letter=letter.pk, sent_at=at, delivered_at=None)
    return True


INVITED_ONLY = "guardian-"
"""The prefix of the LMS ids of people known only through an invitation."""
_AT_ONCE = 200
_EMPTY = {"full_name": None, "email": None, "phone": None}


def purge_invited_contact(guardian: Subject, *, actor: Actor, at: datetime) -> bool:
    """Delete the contact of a locked guardian who never answered, unless needed or on hold; True if deleted."""
    unheld = lock_unheld_subject(guardian, at=at)
    if unheld is None or _is_needed(unheld):
        return False
    _delete_contact(unheld, "never answered", actor, at)
    return True


def _is_needed(guardian: Subject) -> bool:
    pair = {"client_id": guardian.client_id}
    invited = Invitation.objects.filter(**pair, child_id=OuterRef("child_id"), guardian=guardian)
    named = GuardianClaim.objects.filter(**pair, guardian=guardian, ends_at=None, child__erased_at=None)
    return (
        guardian.roles != (SubjectRole.GUARDIAN,)  # a teacher who is also a parent: the school needs the contact
        or named.exclude(Exists(invited)).exists()  # a sibling about whom they have not been asked yet
        or Invitation.objects.filter(**pair, guardian=guardian, state__in=sorted(OPEN)).exists()
        or ServiceAuthorisation.objects.filter(**pair, guardian=guardian).exists()
        or Verification.objects.filter(**pair, guardianship__guardian=guardian).exists()
    )


def _delete_contact(guardian: Subject, why: str, actor: Actor, at: datetime) -> None:
    context = {"client_id": guardian.client_id, "subject_id": guardian.pk, "actor": actor, "at": at}
    record_entry("guardian.contact_forgotten", facts={"why": why}, **context)
    if (guardian.external_id or "").startswith(INVITED_ONLY):
        erase_subject(guardian, actor=actor, reason=Reason.REVIEW, at=at)
        return
    client = Client.objects.get(pk=guardian.client_id)
    known = str(guardian.external_id)
    register_subject(known, client=client, details=_EMPTY, actor=actor, reason=Reason.REVIEW, at=at)
    replace_key(guardian, actor=actor, reason=Reason.REVIEW, at=at)  # makes the history's old values unreadable


def purge_old_contacts(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Delete up to 200 unheld contacts not asked within ``UNASKED`` (16 CFR 312.5(c)(1)); return how many."""
    found = list_unheld(_never_asked(at).filter(client_id=client_id).order_by("id"), client_id, at, most=_AT_ONCE)
    return sum(_purge_old_contact(guardian, actor, at) for guardian in found)


@transaction.atomic
def _purge_old_contact(guardian: Subject, actor: Actor, at: datetime) -> bool:
    lock_guardian(guardian)
    unheld = lock_unheld_subject(guardian, at=at)
    if unheld is None or not _never_asked(at).filter(client_id=guardian.client_id, pk=guardian.pk).exists():
        return False
    _delete_contact(unheld, "never asked", actor, at)
    return True


def _never_asked(at: datetime) -> QuerySet[Subject]:
    """Filter guardians with an old contact and no other role, of unanswered children, neither asked nor verified."""
    own = {"client_id": OuterRef("client_id")}
    answered = ServiceAuthorisation.objects.filter(client_id=OuterRef("client_id"), child_id=OuterRef("child_id"))
    is_child = (
        having_any_role(_LEARNERS, of="child__")
        & Q(child__erased_at=None)
        & (Q(child__of_age_at=None) | Q(child__of_age_at__gt=at))
    )
    claims = GuardianClaim.objects.filter(is_child, **own, guardian_id=OuterRef("pk")).exclude(Exists(answered))
    old = Subject.objects.filter(
        role=SubjectRole.GUARDIAN,
        other_roles=[],
        erased_at=None,
        erasure_started_at=None,
        client__serves_minors=True,
        changed_at__lte=get_cutoff(UNASKED.code, at=at),
    ).filter(Q(email_index__isnull=False) | Q(phone_index__isnull=False))
    return old.filter(Exists(claims)).exclude(
        Exists(Invitation.objects.filter(**own, guardian_id=OuterRef("pk")))
        | Exists(Verification.objects.filter(**own, guardianship__guardian_id=OuterRef("pk")))
        | Exists(ServiceAuthorisation.objects.filter(**own, guardian_id=OuterRef("pk")))
    )


UNANSWERED = DataKind(
    code="guardians_unanswered",
    name=gettext_lazy("Contacts of guardians who never answered"),
    counted_from=gettext_lazy("The invitation"),
    disposal=Disposal.KEY,
    bounds=Bounds(28, 7, 90),
    is_counted=False,
)
UNASKED = DataKind(
    code="guardians_unasked",
    name=gettext_lazy("Contacts of guardians who were never asked"),
    counted_from=gettext_lazy("The last change of the contact"),
    disposal=Disposal.KEY,
    bounds=Bounds(90, 30, 365),
    due=_never_asked,
    is_quick=False,
    purge=purge_old_contacts,
)

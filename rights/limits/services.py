"""End a restriction after the person was informed, and overrule an objection by two officers."""

# GDPR Art. 18(3): a restriction is lifted after the person was informed. Art. 21(1): PakTaleem demonstrates grounds
# that override an objection, so two officers do, and no one of the client.

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from consent.consents.models import Objection, Restriction
from consent.consents.services.restrictions import end_objection, request_lift
from consent.register.dpv import MARKETING
from consent.register.models.purposes import Purpose, SafeguardChange
from paktaleem.directory.access_links.contact_changes import is_contact_settled
from paktaleem.directory.mail.services import send_message
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.directory.people.services.people import record_access
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from rights.limits.hooks import find_requester
from rights.limits.messages import LIFT
from rights.limits.models import LiftNotice, NoticeWay, Overruling

_GROUNDS = "limits_overruling.grounds"


class PersonNotInformed(PortalError):
    """The person was not informed that the restriction will be lifted."""

    console_message = "Inform the person first."


class AlreadyProposed(PortalError):
    """An overruling was already proposed: a second officer may agree."""

    console_message = "This was already proposed: a second officer may agree."


class ObjectionIsAbsolute(PortalError):
    """The objection is to marketing, which nothing overrules (GDPR Art. 21(3))."""

    console_message = "This objection is to marketing: no ground overrules it. Only the person withdraws it."


class NothingProposed(PortalError):
    """No overruling of this objection waits for a second officer."""

    console_message = "Nothing was proposed."


@transaction.atomic
def inform_before_lift(restriction: Restriction, *, by_hand: bool, actor: Actor, at: datetime) -> LiftNotice:
    """Inform the person that a restriction will be lifted: by email, or record that staff informed them.

    If a guardian requested the restriction, the guardian is informed and the child is not written to (decision 66).
    Raises ValidationError if no email address is on file or a contact changed in the last 72 hours, RequestNotAllowed
    if the guardian has no authority any more, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.RESTRICT_PROCESSING, restriction.client_id)
    subject = restriction.subject
    if subject.erased_at is not None:
        raise AlreadyErased
    if not by_hand:
        to = _require_contact(find_requester(restriction, at) or subject, at)
        context: dict[str, Any] = {"related_id": restriction.pk, "actor": actor, "at": at}
        send_message(LIFT.code, to=to, client_id=restriction.client_id, **context)
    way = NoticeWay.BY_HAND if by_hand else NoticeWay.MAIL
    notice = LiftNotice(client_id=restriction.client_id, restriction=restriction, way=way, informed_by=actor.id, at=at)
    notice.save(force_insert=True)
    _record("restriction.lift_announced", restriction, {"way": way.value}, actor, at)
    return notice


def _require_contact(person: Subject, at: datetime) -> Subject:
    if person.email is None:
        raise ValidationError({"way": [_("There is no email address on file. Tell the person yourself.")]})
    if not is_contact_settled(person, at):
        raise ValidationError({"way": [_("A contact changed less than 72 hours ago. Tell the person yourself.")]})
    return person


@transaction.atomic
def request_lift_after_notice(restriction: Restriction, *, ground: str, actor: Actor, at: datetime) -> SafeguardChange:
    """Request the lift of a restriction whose person was informed before (GDPR Art. 18(3)).

    It is in force until a second person approves. Raises PersonNotInformed, and as ``request_lift``.
    """
    require(actor, Capability.RESTRICT_PROCESSING, restriction.client_id)
    require_notice(restriction, at)
    return request_lift(restriction, ground=ground, actor=actor, at=at)


def require_notice(restriction: Restriction, at: datetime) -> None:
    """Raise PersonNotInformed unless the person was informed before ``at`` that this restriction will be lifted.

    Follows GDPR Art. 18(3). Connected to ``checks_before_lift``: no lift that waits for approval is applied without the
    notice.
    """
    informed = LiftNotice.objects.filter(client_id=restriction.client_id, restriction=restriction, at__lt=at)
    if not informed.exists():
        raise PersonNotInformed


@transaction.atomic
def propose_overruling(objection: Objection, *, grounds: str, actor: Actor, at: datetime) -> Overruling:
    """Propose to overrule an objection, with the compelling grounds and the evidence in words.

    Follows GDPR Art. 21(1). The objection stays in force until a second officer agrees. Raises
    ValidationError, ObjectionIsAbsolute, AlreadyProposed, AlreadyErased, NotAllowed.
    """
    _require_officer(objection, actor)
    _refuse_absolute(objection)
    if not grounds.strip():
        raise ValidationError({"grounds": [_("State the compelling grounds and the evidence.")]})
    objection = _lock(objection)
    if objection.subject.erased_at is not None:
        raise AlreadyErased
    if _waiting(objection) is not None:
        raise AlreadyProposed
    row = Overruling(
        id=new_id(),
        client_id=objection.client_id,
        objection=objection,
        grounds=sealer_of(objection.subject).seal(grounds.strip(), column=_GROUNDS),
        requested_kind=actor.kind.value,
        requested_by=actor.id,
        requested_at=at,
    )
    row.save(force_insert=True)
    _record("objection.overruling_proposed", objection, {"overruling": str(row.pk)}, actor, at)
    return row


@transaction.atomic
def approve_overruling(objection: Objection, *, actor: Actor, at: datetime) -> Objection:
    """Agree to an overruling that another officer proposed: the objection ends (GDPR Art. 21(1)).

    Idempotent for an ended objection. Raises ObjectionIsAbsolute, NothingProposed, ApproverIsRequester,
    ApproverNotIndependent, NotAllowed.
    """
    _refuse_absolute(objection)
    objection = _settle(objection, actor, at, approve=True)
    return end_objection(objection, actor=actor, reason=Reason.REVIEW, at=at)


@transaction.atomic
def decline_overruling(objection: Objection, *, actor: Actor, at: datetime) -> Objection:
    """Decline an overruling, or take it back: the objection stays in force.

    Raises NothingProposed, NotAllowed.
    """
    return _settle(objection, actor, at, approve=False)


@transaction.atomic
def read_grounds(objection: Objection, *, actor: Actor, at: datetime) -> str:
    """Return the grounds of the waiting proposal, for the second officer; the access is recorded.

    Raises NothingProposed, KeyDestroyed if the person is erased, NotAllowed.
    """
    _require_officer(objection, actor)
    row = _waiting(objection)
    if row is None or row.grounds is None:
        raise NothingProposed
    record_access(objection.subject, ["grounds of an overruling"], actor=actor, reason=Reason.REVIEW, at=at)
    return sealer_of(objection.subject).open(row.grounds, column=_GROUNDS)


def _settle(objection: Objection, actor: Actor, at: datetime, *, approve: bool) -> Objection:
    _require_officer(objection, actor)
    objection = _lock(objection)
    row = _waiting(objection)
    if row is None:
        raise NothingProposed
    row = decide_change(row, approve=approve, actor=actor, at=at)
    row.save(update_fields=["state", "settled_by", "settled_at"])
    facts = {"overruling": str(row.pk), "state": str(row.state)}
    _record("objection.overruling_settled", objection, facts, actor, at)
    return objection


def _refuse_absolute(objection: Objection) -> None:
    """Raise ObjectionIsAbsolute for an objection to marketing."""
    owners = [objection.client_id, PAKTALEEM]
    purposes = Purpose.objects.filter(client_id__in=owners, code=objection.purpose_code)
    if purposes.filter(dpv_term__in=MARKETING).exists():
        raise ObjectionIsAbsolute


def _require_officer(objection: Objection, actor: Actor) -> None:
    require(actor, Capability.OVERRULE_OBJECTIONS, objection.client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in officer may overrule an objection.")


def _lock(objection: Objection) -> Objection:
    rows = Objection.objects.select_for_update(of=("self",)).select_related("subject")
    return rows.get(pk=objection.pk, client_id=objection.client_id)


def _waiting(objection: Objection) -> Overruling | None:
    own = Overruling.objects.filter(client_id=objection.client_id, objection=objection, state=ChangeState.WAITING)
    return own.first()


def _record(kind: str, limit: Restriction | Objection, facts: dict[str, str], actor: Actor, at: datetime) -> None:
    about = {"id": str(limit.pk), "purpose": limit.purpose_code or None, **facts}
    context: dict[str, Any] = {"client_id": limit.client_id, "subject_id": limit.subject_id, "actor": actor, "at": at}
    record_entry(kind, facts=about, **context)

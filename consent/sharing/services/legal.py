"""Disclosures that an authority demands by law: reviewed, approved by a second officer, then recorded (policy §6)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_noop

from consent.register.models.purposes import DataCategory
from consent.sharing.models.legal import Informed, Instrument, LegalDisclosure, NotInformed
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.locking import lock_subject
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.extensions.points import ExtensionPoint
from paktaleem.foundation.tenancy.ids import PAKTALEEM

legal_demand_approved: ExtensionPoint[Callable[[LegalDisclosure, Actor, datetime], None]] = ExtensionPoint(
    "sharing.legal_demand_approved", "Called with an authority's demand that a second officer has approved."
)
_IN_FUTURE = gettext_noop("Must be in the past.")
_NOT_DEMANDED = gettext_noop("Choose categories that were demanded.")
_UNKNOWN = gettext_noop("Choose categories of the register.")
_INFORMED_OR_WHY = gettext_noop("Say who was informed and on which day, or the reason why not.")


class DisclosureNotApproved(PortalError):
    """No second officer has approved the disclosure."""

    console_message = "A second officer must approve this first. Nothing may be disclosed until then."


class AlreadyDisclosed(PortalError):
    """The disclosure is recorded already."""

    console_message = "What was disclosed is recorded already."


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalDemand:
    """A demand of an authority with the officer's review; ``categories`` are codes of the register.

    ``is_secret`` means that the instrument forbids to inform the client.
    """

    authority: str
    instrument: Instrument | str
    reference: str
    received_on: date
    categories: Sequence[str]
    scope: str
    review: str
    is_secret: bool = False


@transaction.atomic
def request_legal_disclosure(subject: Subject, demand: LegalDemand, *, actor: Actor, at: datetime) -> LegalDisclosure:
    """Record an authority's demand for a person's data with its review; a second officer must approve it (policy §6).

    Raises ValidationError naming the field, AlreadyErased, NotAllowed unless a privacy officer requests it.
    """
    require(actor, Capability.MANAGE_LEGAL_DISCLOSURES, subject.client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in person may request a legal disclosure.")
    subject = lock_subject(subject.pk, client_id=subject.client_id)
    _check_demand(demand, subject, at)
    row = LegalDisclosure(
        client_id=subject.client_id,
        subject=subject,
        authority=demand.authority.strip(),
        instrument=demand.instrument,
        reference=demand.reference.strip(),
        received_on=demand.received_on,
        demanded=sorted(set(demand.categories)),
        scope=demand.scope.strip(),
        review=demand.review.strip(),
        is_secret=demand.is_secret,
        requested_kind=actor.kind.value,
        requested_by=actor.id,
        requested_at=at,
    )
    row.clean_fields(exclude={"settled_by", "settled_at", "disclosed_at", "disclosed", "informed_on"})
    row.save(force_insert=True)
    _record("legal_disclosure.requested", row, actor, at)
    return row


@transaction.atomic
def decide_legal_disclosure(
    row: LegalDisclosure, *, approve: bool, reason: Reason | str = Reason.REVIEW, actor: Actor, at: datetime
) -> LegalDisclosure:
    """Approve or decline a legal disclosure; the officer who requested it may only decline (policy §6).

    The data of an approved one is kept from then on, by a handler of ``legal_demand_approved``.
    Raises ApproverIsRequester, ApproverNotIndependent, ChangeAlreadyDecided, NotAllowed.
    """
    del reason  # the review in words is on the row
    require(actor, Capability.MANAGE_LEGAL_DISCLOSURES, row.client_id)
    row = decide_change(row, approve=approve, actor=actor, at=at)
    row.save(update_fields=["state", "settled_by", "settled_at"])
    _record("legal_disclosure.settled", row, actor, at)
    if approve:
        for handler in legal_demand_approved:
            handler(row, actor, at)
    return row


@transaction.atomic
def record_legal_disclosure(
    row: LegalDisclosure,
    *,
    categories: Sequence[str],
    what_went: str,
    informed: Informed | str = "",
    informed_on: date | None = None,
    not_informed: NotInformed | str = "",
    actor: Actor,
    at: datetime,
) -> LegalDisclosure:
    """Record what was disclosed, and who was informed, or why not (policy §6).

    Raises DisclosureNotApproved, AlreadyDisclosed, ValidationError naming the field, NotAllowed.
    """
    require(actor, Capability.MANAGE_LEGAL_DISCLOSURES, row.client_id)
    found: LegalDisclosure = LegalDisclosure.objects.select_for_update(of=("self",)).get(
        pk=row.pk, client_id=row.client_id
    )
    if found.state != ChangeState.APPROVED:
        raise DisclosureNotApproved
    if found.disclosed_at is not None:
        raise AlreadyDisclosed
    if not categories or set(categories) - set(found.demanded):
        raise ValidationError({"categories": [_NOT_DEMANDED]})
    if bool(informed) != (informed_on is not None) or bool(informed) == bool(not_informed):
        raise ValidationError({"informed_on": [_INFORMED_OR_WHY]})
    if informed_on is not None and informed_on > _today(found.subject, at):
        raise ValidationError({"informed_on": [_IN_FUTURE]})
    found.disclosed_at, found.disclosed, found.what_went = at, sorted(set(categories)), what_went.strip()
    found.informed, found.informed_on, found.not_informed = informed, informed_on, not_informed
    found.clean_fields(exclude={"settled_by", "settled_at", "informed_on"})
    found.save(update_fields=["disclosed_at", "disclosed", "what_went", "informed", "informed_on", "not_informed"])
    _record("legal_disclosure.made", found, actor, at)
    return found


def _today(subject: Subject, at: datetime) -> date:
    """Return the day in the client's zone."""
    return at.astimezone(ZoneInfo(subject.client.time_zone)).date()


def _check_demand(demand: LegalDemand, subject: Subject, at: datetime) -> None:
    if demand.received_on > _today(subject, at):
        raise ValidationError({"received_on": [_IN_FUTURE]})
    known = DataCategory.objects.filter(client_id__in=[subject.client_id, PAKTALEEM])
    if not demand.categories or set(demand.categories) - set(known.values_list("code", flat=True)):
        raise ValidationError({"categories": [_UNKNOWN]})


def _record(kind: str, row: LegalDisclosure, actor: Actor, at: datetime) -> None:
    """Record a step in the ledger; it names neither the authority nor the case, which an order may keep secret."""
    facts = {
        "legal_disclosure": str(row.pk),
        "instrument": str(row.instrument),
        "state": str(row.state),
        "categories": row.disclosed or row.demanded,
        "informed": bool(row.informed),
    }
    record_entry(kind, client_id=row.client_id, subject_id=row.subject_id, facts=facts, actor=actor, at=at)

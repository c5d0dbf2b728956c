"""Services of sharing.

One report and a batch take the same way: a fixed number of statements for up to 1,000 reports.
"""

# A disclosure that was denied but made is recorded, too. The ledger names neither the authority nor the case, because a
# file number leads to the person.

from collections.abc import Callable, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _, gettext_noop

from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import PastDecision, decide_each
from consent.notices.effects import earliest_effect
from consent.notices.services.publishing import count_portal_notice_days, publish_portal_text
from consent.register.models.agreements import Recipient
from consent.register.models.purposes import DataCategory, Purpose
from consent.sharing.models import (
    BusinessTransfer,
    Disclosure,
    Informed,
    Instrument,
    LegalDisclosure,
    NotInformed,
    TransferKind,
)
from paktaleem.directory.data_systems.extension_points import FoundPeople, find_people
from paktaleem.directory.data_systems.models import System
from paktaleem.directory.data_systems.selectors import system_acted_for
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import lock_subject
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require, system_actor
from paktaleem.foundation.accounts.acts import Refused, act
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change, request_change
from paktaleem.foundation.audit.actors import ByKind, Reason, actor_fields
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import make_entry, record_entry
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.rows import PAKTALEEM, insert_many, new_id

_DECISION_ACTOR = system_actor("consent.disclosures")
_IN_FUTURE = gettext_noop("Must be in the past.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureReport:
    """A report that data was shared, in codes; ``role`` if it names one, ``subject`` is the LMS id, for a batch."""

    recipient: str
    purpose: str
    categories: Sequence[str]
    shared_at: datetime
    role: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class DisclosureResult:
    """The result of one report: the recorded disclosure, or the errors by field."""

    disclosure: Disclosure | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_flagged(self) -> bool:
        return self.disclosure is not None and self.disclosure.is_denied


@dataclass(frozen=True, slots=True)
class _Register:
    purposes: AbstractSet[str]
    categories: AbstractSet[str]
    recipients: Mapping[str, Recipient]


class _Checked(NamedTuple):
    place: int
    report: DisclosureReport
    subject: Subject
    recipient: Recipient

    @property
    def question(self) -> Question:
        """Return what is decided: as of the time of sharing, but not before the person was registered."""
        report, at = self.report, max(self.report.shared_at, self.subject.registered_at)
        categories = frozenset(report.categories)
        return Question(report.purpose, "share", categories, report.recipient, role=report.role or None, at=at)


@transaction.atomic
def report_disclosure(subject: Subject, shared: DisclosureReport, *, actor: Actor, at: datetime) -> Disclosure:
    """Record a disclosure with the reason of the decision (policy §6); one that is denied is flagged.

    Raises ValidationError naming the field, AlreadyErased, ErasureInProgress, NotAllowed.
    """
    require(actor, Capability.REPORT_DISCLOSURES, subject.client_id)
    subject = lock_subject(subject.pk, client_id=subject.client_id)
    register = _load_register(subject.client_id)
    errors = _find_errors(shared, register, at)
    if errors:
        raise ValidationError(errors)
    checked = _Checked(0, shared, subject, register.recipients[shared.recipient])
    return _record(subject.client_id, [checked], actor, at)[0]


@transaction.atomic
def report_disclosures(
    client_id: UUID, reports: Sequence[DisclosureReport], *, actor: Actor, at: datetime
) -> list[DisclosureResult]:
    """Record many disclosures as ``report_disclosure`` does one; the results are in order. Raises NotAllowed."""
    require(actor, Capability.REPORT_DISCLOSURES, client_id)
    people = find_people(client_id, {one.subject for one in reports}, lock=True)
    register = _load_register(client_id)
    errors = [_find_errors(one, register, at, people) for one in reports]
    checked = [
        _Checked(place, one, people.known[one.subject], register.recipients[one.recipient])
        for place, (one, faults) in enumerate(zip(reports, errors, strict=True))
        if not faults
    ]
    rows = _record(client_id, checked, actor, at) if checked else []
    recorded = {one.place: row for one, row in zip(checked, rows, strict=True)}
    return [DisclosureResult(recorded.get(place), faults) for place, faults in enumerate(errors)]


def _load_register(client_id: UUID) -> _Register:
    owners = [client_id, PAKTALEEM]
    own_last = sorted(Recipient.objects.filter(client_id__in=owners), key=lambda one: one.client_id == client_id)
    return _Register(
        set(Purpose.objects.filter(client_id__in=owners).values_list("code", flat=True)),
        set(DataCategory.objects.filter(client_id__in=owners).values_list("code", flat=True)),
        {one.code: one for one in own_last},
    )


def _find_errors(
    one: DisclosureReport, register: _Register, at: datetime, people: FoundPeople | None = None
) -> dict[str, list[str]]:
    """Return the errors of a report by field; what the register knows but does not allow is none: it is flagged."""
    errors = {} if people is None else people.errors_of(one.subject) or {}
    if one.shared_at > at:
        errors |= {"shared_at": [_IN_FUTURE]}
    for name, codes, known in (
        ("recipient", [one.recipient], register.recipients.keys()),
        ("purpose", [one.purpose], register.purposes),
        ("categories", one.categories, register.categories),
    ):
        if not codes or set(codes) - known:
            errors |= {name: [f"Not in the register. Allowed: {', '.join(sorted(known))}."]}
    return errors


def _record(client_id: UUID, checked: Sequence[_Checked], actor: Actor, at: datetime) -> list[Disclosure]:
    asked = [(one.subject.external_id or "", one.question) for one in checked]
    decided = decide_each(_DECISION_ACTOR, client_id, asked, now=at)
    system = system_acted_for(actor, at=at)
    rows = [_build(one, found, system, actor, at) for one, found in zip(checked, decided, strict=True)]
    insert_many(rows)
    insert_many([_make_entry(row, one, actor, at) for row, one in zip(rows, checked, strict=True)])
    return rows


def _build(one: _Checked, found: PastDecision, system: System | None, actor: Actor, at: datetime) -> Disclosure:
    return Disclosure(
        id=new_id(),
        client_id=one.subject.client_id,
        subject=one.subject,
        recipient=one.recipient,
        recipient_owner=one.recipient.client_id,
        purpose=one.report.purpose,
        categories=sorted(set(one.report.categories)),
        reason=found.decision.reason,
        is_denied=not found.decision.allowed,
        system=system,
        system_owner=system.client_id if system else None,
        shared_at=one.report.shared_at,
        reported_at=at,
        **actor_fields(actor),
    )


def _make_entry(row: Disclosure, one: _Checked, actor: Actor, at: datetime) -> Entry:
    facts = {
        "disclosure": str(row.pk),
        "recipient": one.recipient.code,
        "purpose": row.purpose,
        "categories": row.categories,
        "shared_at": row.shared_at.isoformat(),
        "decision": row.reason,
        "system": str(row.system_id) if row.system_id else None,
        **({"role": one.report.role} if one.report.role else {}),
    }
    kind = "disclosure.denied" if row.is_denied else "disclosure.reported"
    return make_entry(kind, client_id=row.client_id, subject_id=row.subject_id, facts=facts, actor=actor, at=at)


legal_demand_approved: ExtensionPoint[Callable[[LegalDisclosure, Actor, datetime], None]] = ExtensionPoint(
    "sharing.legal_demand_approved", "Called with an authority's demand that a second officer has approved."
)
_NOT_DEMANDED = gettext_noop("Choose categories that were demanded.")
_UNKNOWN = gettext_noop("Choose categories of the register.")
_INFORMED_OR_WHY = gettext_noop("Say who was informed and on which day, or the reason why not.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalDemand:
    """A demand of an authority with the officer's review; ``is_secret`` if the client may not be informed of it."""

    authority: str
    instrument: Instrument | str
    reference: str
    received_on: date
    categories: Sequence[str]
    scope: str
    ground: str
    is_secret: bool = False


@transaction.atomic
def request_legal_disclosure(subject: Subject, demand: LegalDemand, *, actor: Actor, at: datetime) -> LegalDisclosure:
    """Record an authority's demand with its review; a second officer must approve it (policy §6).

    Raises ValidationError naming the field, GroundNeeded, AlreadyErased, NotAllowed unless an officer requests it.
    """
    require(actor, Capability.SUPERVISE, subject.client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in person may request a legal disclosure.")
    subject = lock_subject(subject.pk, client_id=subject.client_id)
    if demand.received_on > subject.client.day_at(at):
        raise ValidationError({"received_on": [_IN_FUTURE]})
    known = DataCategory.objects.filter(client_id__in=[subject.client_id, PAKTALEEM])
    if not demand.categories or set(demand.categories) - set(known.values_list("code", flat=True)):
        raise ValidationError({"categories": [_UNKNOWN]})
    row = LegalDisclosure(
        client_id=subject.client_id,
        subject=subject,
        authority=demand.authority.strip(),
        instrument=demand.instrument,
        reference=demand.reference.strip(),
        received_on=demand.received_on,
        demanded=sorted(set(demand.categories)),
        scope=demand.scope.strip(),
        is_secret=demand.is_secret,
    )
    request_change(row, ground=demand.ground, actor=actor, at=at)
    row.clean_fields(exclude={"settled_by", "settled_at", "disclosed_at", "disclosed", "informed_on"})
    row.save(force_insert=True)
    _record_demand("legal_disclosure.requested", row, actor, at)
    return row


@transaction.atomic
def decide_legal_disclosure(
    row: LegalDisclosure, *, approve: bool, reason: Reason | str = Reason.REVIEW, actor: Actor, at: datetime
) -> LegalDisclosure:
    """Approve or decline a legal disclosure (policy §6); ``legal_demand_approved`` then keeps the data.

    Raises ApproverIsRequester, ApproverNotIndependent, ChangeAlreadyDecided, NotAllowed.
    """
    del reason  # the review in words is on the row
    require(actor, Capability.SUPERVISE, row.client_id)
    row = decide_change(row, approve=approve, actor=actor, at=at)
    row.save(update_fields=["state", "settled_by", "settled_at"])
    _record_demand("legal_disclosure.settled", row, actor, at)
    if approve:
        for handler in legal_demand_approved:
            handler(row, actor, at)
    return row


def _check_approved(row: LegalDisclosure, _actor: Actor, _at: datetime) -> None:
    if row.state != ChangeState.APPROVED:
        raise Refused(_("A second officer must approve this first. Nothing may be disclosed until then."))
    if row.disclosed_at is not None:
        raise Refused(_("What was disclosed is recorded already."))


@act(
    "record-disclosure",
    "Record what was disclosed",
    Capability.SUPERVISE,
    lead="Inform the person, unless the order or a law forbids it. The copy of their data names the disclosure only if "
    "they were informed.",
    done="Recorded.",
    check=_check_approved,
)
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
    """Record what was disclosed, and who was informed, or why not (policy §6). Raises ValidationError by field."""
    if not categories or set(categories) - set(row.demanded):
        raise ValidationError({"categories": [_NOT_DEMANDED]})
    if bool(informed) != (informed_on is not None) or bool(informed) == bool(not_informed):
        raise ValidationError({"informed_on": [_INFORMED_OR_WHY]})
    if informed_on is not None and informed_on > row.subject.client.day_at(at):
        raise ValidationError({"informed_on": [_IN_FUTURE]})
    row.disclosed_at, row.disclosed, row.what_went = at, sorted(set(categories)), what_went.strip()
    row.informed, row.informed_on, row.not_informed = informed, informed_on, not_informed
    row.clean_fields(exclude={"settled_by", "settled_at", "informed_on"})
    row.save(update_fields=["disclosed_at", "disclosed", "what_went", "informed", "informed_on", "not_informed"])
    _record_demand("legal_disclosure.made", row, actor, at)
    return row


def _record_demand(kind: str, row: LegalDisclosure, actor: Actor, at: datetime) -> None:
    """Record a step in the ledger; it names neither the authority nor the case, which an order may keep secret."""
    facts = {
        "legal_disclosure": str(row.pk),
        "instrument": str(row.instrument),
        "state": str(row.state),
        "categories": row.disclosed or row.demanded,
        "informed": bool(row.informed),
    }
    record_entry(kind, client_id=row.client_id, subject_id=row.subject_id, facts=facts, actor=actor, at=at)


TRANSFER_NOTICE = "business_transfers"
"""The code of PakTaleem's notice whose versions announce business transfers."""
_TOO_SOON = gettext_noop("Clients get 30 days of notice: choose a later day.")
_OF_PAKTALEEM = gettext_noop("Business transfers are PakTaleem’s.")


@transaction.atomic
def request_business_transfer(row: BusinessTransfer, *, actor: Actor, at: datetime) -> BusinessTransfer:
    """Record a business transfer that waits for a second officer; ``row`` is unsaved (policy §6).

    Raises ValidationError naming the field, GroundNeeded, NotAllowed unless an officer requests it.
    """
    require(actor, Capability.MANAGE_AGREEMENTS, row.client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in person may request a business transfer.")
    if row.client_id != PAKTALEEM:
        raise ValidationError({"client": [_OF_PAKTALEEM]})
    request_change(row, ground=row.ground, actor=actor, at=at)
    row.clean_fields(exclude={"settled_by", "settled_at", "announced_as"})
    if _moment_of(row) < earliest_effect(at, count_portal_notice_days()):
        raise ValidationError({"takes_place_on": [_TOO_SOON]})
    row.save(force_insert=True)
    _record_transfer("business_transfer.requested", row, actor, at)
    return row


@transaction.atomic
def decide_business_transfer(
    row: BusinessTransfer, *, approve: bool, reason: Reason | str = Reason.REVIEW, actor: Actor, at: datetime
) -> BusinessTransfer:
    """Approve a business transfer, which announces it to every client, or decline it (policy §6).

    Raises ApproverIsRequester, ApproverNotIndependent, ChangeAlreadyDecided, ValidationError if it is too soon.
    """
    require(actor, Capability.MANAGE_AGREEMENTS, row.client_id)
    row = decide_change(row, approve=approve, actor=actor, at=at)
    if row.state == ChangeState.APPROVED:
        row.announced_as = publish_portal_text(
            TRANSFER_NOTICE,
            titles=("Business transfers", "کاروباری منتقلیاں"),
            texts=(_write(row, "en"), _write(row, "ur")),
            effective_at=_moment_of(row),
            actor=actor,
            reason=reason,
            at=at,
        ).pk
    row.save(update_fields=["state", "settled_by", "settled_at", "announced_as"])
    _record_transfer("business_transfer.settled", row, actor, at)
    return row


def _write(row: BusinessTransfer, language: str) -> str:
    with translation.override(language):
        heading = _("{kind}: {party}, on {day}").format(
            kind=TransferKind(row.kind).label, party=row.other_party, day=row.takes_place_on.isoformat()
        )
    return f"## {heading}\n\n{row.text_ur if language == 'ur' else row.text_en}"


def _moment_of(row: BusinessTransfer) -> datetime:
    """Return the end of the day of the transfer in UTC, so that a notice of today counts its full 30 days."""
    return datetime.combine(row.takes_place_on, time.max, tzinfo=UTC)


def _record_transfer(kind: str, row: BusinessTransfer, actor: Actor, at: datetime) -> None:
    facts = {
        "business_transfer": str(row.pk),
        "kind": str(row.kind),
        "takes_place_on": row.takes_place_on.isoformat(),
        "state": str(row.state),
        "version": str(row.announced_as) if row.announced_as else None,
    }
    record_entry(kind, client_id=row.client_id, facts=facts, actor=actor, at=at)

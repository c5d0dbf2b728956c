"""Recording disclosures that systems report, with the decision about each as of its time.

One report and a batch take the same way: a fixed number of statements for up to 1,000 reports.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_noop

from consent.decisions.facts import Question
from consent.decisions.selectors.past_decisions import PastDecision, decide_each
from consent.register.models.agreements import Recipient
from consent.register.models.purposes import DataCategory, Purpose
from consent.sharing.models.disclosures import Disclosure
from paktaleem.directory.data_systems.models.systems import System
from paktaleem.directory.data_systems.reported_people import FoundPeople, find_people
from paktaleem.directory.data_systems.selectors import system_acted_for
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.locking import lock_subject
from paktaleem.foundation.accounts.actors import Actor, require, system_actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import make_entry
from paktaleem.foundation.tenancy.ids import PAKTALEEM, new_id
from paktaleem.foundation.tenancy.rows import insert_many

_DECISION_ACTOR = system_actor("consent.disclosures")
_IN_FUTURE = gettext_noop("Must be in the past.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureReport:
    """A report that data was shared: codes of the recipient, the purpose and the categories, and the time.

    ``role`` is the role in which the person acted, if the report names one. ``subject`` is the person's LMS id, for a
    batch.
    """

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
        """Return True if the decision denied the disclosure."""
        return self.disclosure is not None and self.disclosure.is_denied


@dataclass(frozen=True, slots=True)
class _Register:
    """The codes that a report may name, and the recipients by code: the client's own before the shared ones."""

    purposes: AbstractSet[str]
    categories: AbstractSet[str]
    recipients: Mapping[str, Recipient]


class _Checked(NamedTuple):
    """A report that is recorded, with its place in the batch, its person and its recipient."""

    place: int
    report: DisclosureReport
    subject: Subject
    recipient: Recipient

    @property
    def moment(self) -> datetime:
        """Return the time for which the disclosure is decided: not before the person was registered."""
        return max(self.report.shared_at, self.subject.registered_at)


@transaction.atomic
def report_disclosure(subject: Subject, shared: DisclosureReport, *, actor: Actor, at: datetime) -> Disclosure:
    """Record a disclosure with the reason code of the decision, even if the decision denies it: then it is flagged.

    Follows policy §6, decision 0081. Raises ValidationError naming the field, AlreadyErased, ErasureInProgress,
    NotAllowed.
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
    """Record many disclosures as ``report_disclosure`` does one; returns a result for each report, in order.

    Follows policy §6, decision 0081. A report with an error is left out, and the others are recorded. Raises
    NotAllowed.
    """
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
    if one.recipient not in register.recipients:
        errors |= {"recipient": [_not_in_register(register.recipients)]}
    if one.purpose not in register.purposes:
        errors |= {"purpose": [_not_in_register(register.purposes)]}
    if not one.categories or set(one.categories) - register.categories:
        errors |= {"categories": [_not_in_register(register.categories)]}
    return errors


def _not_in_register(codes: AbstractSet[str] | Mapping[str, Recipient]) -> str:
    return f"Not in the register. Allowed: {', '.join(sorted(codes))}."


def _record(client_id: UUID, checked: Sequence[_Checked], actor: Actor, at: datetime) -> list[Disclosure]:
    """Record reports without errors, in order."""
    asked = [(one.subject.external_id or "", _question(one)) for one in checked]
    decided = decide_each(_DECISION_ACTOR, client_id, asked, now=at)
    system = system_acted_for(actor, at=at)
    rows = [_build(one, found, system, actor, at) for one, found in zip(checked, decided, strict=True)]
    insert_many(rows)
    insert_many([_make_entry(row, one, actor, at) for row, one in zip(rows, checked, strict=True)])
    return rows


def _question(one: _Checked) -> Question:
    report = one.report
    return Question(
        report.purpose,
        "share",
        frozenset(report.categories),
        report.recipient,
        role=report.role or None,
        at=one.moment,
    )


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
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
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

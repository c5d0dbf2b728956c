"""Collections are decided and held; what was not permitted, and incidents, are decided by people."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import compress
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _, gettext_lazy, gettext_noop

from children.guardians.authority import GIVEN
from consent.decisions.facts import Question, SubjectFacts
from consent.decisions.reasons import Reason as DecisionReason
from consent.decisions.selectors.decisions import PastDecision, decide_each
from consent.decisions.services import close_ended_periods
from consent.notices.selectors.registers import current_register
from consent.register.effects import WeakensSafeguard
from consent.register.models.purposes import DataCategory, Occasion, Purpose
from paktaleem.directory.data_systems.extension_points import find_people
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind, System
from paktaleem.directory.data_systems.selectors import Parent, system_acted_for
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.data_systems.states import State
from paktaleem.directory.people.models import Subject, SubjectEvent, SubjectEventKind
from paktaleem.directory.people.services.people import lock_subject
from paktaleem.foundation.accounts.actors import Actor, require, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import ChangeKind, ProposedChange, propose_change
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason, actor_fields
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import make_entry, record_entry
from paktaleem.foundation.tenancy.rows import PAKTALEEM, insert_many, new_id
from retention.holdings.models import (
    Collection,
    CollectionDecision,
    FlaggedCollection,
    Holding,
    Incident,
    IncidentCause,
)
from retention.holdings.selectors import (
    ON_HOLD,
    ended_periods,
    is_without_authority,
    list_disposal_holds,
    list_false_authorisations,
)
from retention.holdings.services.incidents import open_incident

_ADD = """
INSERT INTO holdings_holding AS h (id, client_id, subject_id, category, system_id, system_owner, occasions, purposes,
    count, first_collected_at, last_collected_at)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::uuid[], %s::uuid[], %s::jsonb[], %s::jsonb[],
    %s::bigint[], %s::timestamptz[], %s::timestamptz[])
ON CONFLICT (client_id, subject_id, category, system_id) WHERE ended_at IS NULL DO UPDATE SET
    count = h.count + excluded.count,
    occasions = (
        SELECT coalesce(jsonb_agg(DISTINCT v), '[]') FROM jsonb_array_elements(h.occasions || excluded.occasions) AS v
    ),
    purposes = (
        SELECT coalesce(jsonb_agg(DISTINCT v), '[]') FROM jsonb_array_elements(h.purposes || excluded.purposes) AS v
    ),
    first_collected_at = least(h.first_collected_at, excluded.first_collected_at),
    last_collected_at = greatest(h.last_collected_at, excluded.last_collected_at)
"""

_ENDING_KINDS = frozenset({OrderKind.ERASE, OrderKind.ANONYMISE})
_ENDING_STATES = frozenset({State.CONFIRMED, State.NOT_FOUND})


def add_to_holdings(collections: Iterable[Collection]) -> None:
    """Add collections of a client to the holdings in one statement; the people's rows must be locked."""
    groups: dict[object, list[Collection]] = defaultdict(list)
    for one in collections:
        groups[one.client_id, one.subject_id, one.category].append(one)
    rows = [_to_row(found) for found in groups.values()]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])


def _to_row(found: list[Collection]) -> tuple[Any, ...]:
    first, times = found[0], [one.collected_at for one in found]
    return (
        new_id(),
        first.client_id,
        first.subject_id,
        first.category,
        first.system_id,
        first.system_owner,
        json.dumps(sorted({one.occasion for one in found})),
        json.dumps(sorted({one.purpose for one in found if one.purpose})),
        sum(one.count for one in found),
        min(times),
        max(times),
    )


def count_reported_records(order: Order) -> dict[str, int]:
    """Return the records that are held by the system of an order, by category; ``data_systems.reported_records``."""
    held = Holding.objects.held().filter(client_id=order.client_id, subject_id=order.subject_id)
    counted = held.filter(system_id=order.system_id, category__in=order.categories, count__gt=0)
    return dict(counted.values_list("category", "count"))


def end_holdings(order: Order, actor: Actor, at: datetime) -> None:
    """End the holdings that a system erased, anonymised or did not find; a callback of ``systems.answered``."""
    del actor
    if OrderKind(order.kind) not in _ENDING_KINDS or State(order.state) not in _ENDING_STATES:
        return
    held = Holding.objects.held().filter(client_id=order.client_id, subject_id=order.subject_id)
    held.filter(system_id=order.system_id, category__in=order.categories).update(ended_at=at)


DISPOSAL = "flagged_collection"
"""The kind of parent of orders to erase data that was collected unlawfully."""
ERASE_WITHIN = timedelta(days=7)


@transaction.atomic
def decide_collection(
    flagged: FlaggedCollection, *, decision: CollectionDecision | str, ground: str, actor: Actor, at: datetime
) -> FlaggedCollection:
    """Record a decision with its ground; ``disposed`` orders the erasure within seven days.

    Raises WeakensSafeguard for ``explained`` (see ``request_explanation``), ValidationError, Refused, AlreadyErased,
    NotAllowed.
    """
    require(actor, Capability.DECIDE_COLLECTIONS, flagged.client_id)
    if not ground.strip():
        raise ValidationError({"ground": [_("Give a ground in words.")]})
    flagged = _lock_open(flagged.pk, flagged.client_id)
    chosen = CollectionDecision(decision)
    if chosen is CollectionDecision.EXPLAINED:
        raise WeakensSafeguard(EXPLANATION.code)
    if chosen is CollectionDecision.DISPOSED:
        _order_erasure(flagged, actor, at)
    return _settle(flagged, chosen, ground, actor, at)


@transaction.atomic
def request_explanation(flagged: FlaggedCollection, *, ground: str, actor: Actor, at: datetime) -> ProposedChange:
    """Request that a collection counts as lawful (decision 0053). Raises ValidationError, Refused, NotAllowed."""
    require(actor, Capability.DECIDE_COLLECTIONS, flagged.client_id)
    row: Any = _lock_open(flagged.pk, flagged.client_id)
    return propose_change(row, EXPLANATION.code, purpose=row.purpose, ground=ground, actor=actor, at=at)


def _apply(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    del reason  # the ground in words is recorded
    flagged = _lock_open(change.row, change.client_id)
    _settle(flagged, CollectionDecision.EXPLAINED, change.ground, actor, at)


EXPLANATION = ChangeKind(
    code="collection",
    label=gettext_lazy("A denied collection counts as lawful"),
    effect=gettext_lazy("Data that was collected although the decision denied it counts as lawful, and is kept."),
    apply=_apply,
)


def _lock_open(flagged_id: UUID, client_id: UUID) -> FlaggedCollection:
    rows = FlaggedCollection.objects.select_for_update(of=("self",)).select_related("subject")
    flagged: FlaggedCollection = rows.get(pk=flagged_id, client_id=client_id)
    if not flagged.is_open:
        raise Refused(_("This collection was decided already."))
    return flagged


def _settle(
    flagged: FlaggedCollection, chosen: CollectionDecision, ground: str, actor: Actor, at: datetime
) -> FlaggedCollection:
    flagged.decision, flagged.ground, flagged.decided_at = chosen.value, ground.strip(), at
    flagged.decided_kind, flagged.decided_by, flagged.decided_role = actor.kind.value, actor.id, actor.role
    flagged.save()
    facts = {
        "flagged": str(flagged.pk),
        "collection": str(flagged.collection_id),
        "category": flagged.category,
        "purpose": flagged.purpose,
        "outcome": flagged.decision,
    }
    about = {"client_id": flagged.client_id, "subject_id": flagged.subject_id}
    record_entry("collection.decided", **about, facts=facts, actor=actor, at=at)
    return flagged


def _order_erasure(flagged: FlaggedCollection, actor: Actor, at: datetime) -> None:
    subject = lock_subject(flagged.subject_id, client_id=flagged.client_id, during_erasure=True)
    basis = current_register(flagged.client_id).leading_basis(flagged.purpose, flagged.subject.roles, at)
    is_ours = flagged.client_id == PAKTALEEM or (basis is not None and basis.capacity == "controller")
    if actor.client_id != flagged.client_id and not is_ours:
        raise Refused(_("The client is controller for this data: its administrator decides whether it is erased."))
    if list_disposal_holds(flagged.client_id, flagged.subject_id, {flagged.category}):
        raise Refused(ON_HOLD)
    spec = OrderSpec(
        kind=OrderKind.ERASE,
        categories=frozenset({flagged.category}),
        reason=Reason.REVIEW,
        ground=Ground.INSTRUCTION,
        due_at=at + ERASE_WITHIN,
        parent=Parent(DISPOSAL, flagged.pk),
    )
    issue_orders(subject, spec, actor=actor, at=at)


# A collection is recorded even if it was denied, and staff then decide about it. One bad line does not stop the others.
# Each is decided as of its own time, in a fixed number of statements.


_DECISION_ACTOR = system_actor("retention.collections")
_CODES: dict[str, Any] = {"category": DataCategory, "occasion": Occasion, "purpose": Purpose}


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionReport:
    """A report of a collection; ``role`` is the one in which the person acted, ``subject`` the LMS id in a batch."""

    category: str
    occasion: str
    purpose: str = ""
    collected_at: datetime
    count: int = 1
    role: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class CollectionResult:
    """The result of one report: the collection, its incident if there is one, or the errors by field."""

    collection: Collection | None = None
    incident: Incident | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_flagged(self) -> bool:
        """Return True if the decision denied the collection, so that staff must decide about it."""
        return self.collection is not None and self.collection.reason != DecisionReason.PERMITTED


class _Checked(NamedTuple):
    report: CollectionReport
    subject: Subject

    @property
    def moment(self) -> datetime:
        """Return the time for which the collection is decided: not before the person was registered."""
        return max(self.report.collected_at, self.subject.registered_at)

    @property
    def question(self) -> Question:
        """Return the question whose answer decides the collection."""
        report = self.report
        about = frozenset({report.category})
        return Question(report.purpose, "collect", about, role=report.role or None, at=self.moment)

    @property
    def is_about_child(self) -> bool:
        """Return True if the person was known to be a child then; not for an unknown age."""
        return self.subject.of_age_at is not None and self.subject.of_age_at > self.moment


@transaction.atomic
def report_collection(
    subject: Subject, collected: CollectionReport, *, actor: Actor, at: datetime
) -> tuple[Collection, Incident | None]:
    """Record a collection with its decision, and an incident if it is of a child without authority (policy §8).

    Raises ValidationError naming the field, AlreadyErased, ErasureInProgress, NotAllowed.
    """
    require(actor, Capability.REPORT_COLLECTIONS, subject.client_id)
    subject = lock_subject(subject.pk, client_id=subject.client_id)
    if errors := _errors_of(collected, _list_codes(subject.client_id), at):
        raise ValidationError(errors)
    [recorded] = _record(subject.client_id, [_Checked(collected, subject)], actor, at)
    return recorded


@transaction.atomic
def report_collections(
    client_id: UUID, reports: Sequence[CollectionReport], *, actor: Actor, at: datetime
) -> list[CollectionResult]:
    """Record many collections (policy §1); those with errors are left out. Returns results in order.

    Raises NotAllowed.
    """
    require(actor, Capability.REPORT_COLLECTIONS, client_id)
    people = find_people(client_id, {one.subject for one in reports}, lock=True)
    codes = _list_codes(client_id)
    errors = [_errors_of(one, codes, at) | (people.errors_of(one.subject) or {}) for one in reports]
    checked = [
        _Checked(one, people.known[one.subject]) for one, faults in zip(reports, errors, strict=True) if not faults
    ]
    recorded = iter(_record(client_id, checked, actor, at) if checked else ())
    return [CollectionResult(errors=faults) if faults else CollectionResult(*next(recorded)) for faults in errors]


def _list_codes(client_id: UUID) -> dict[str, set[str]]:
    owners = [client_id, PAKTALEEM]
    return {
        name: set(model.objects.filter(client_id__in=owners).values_list("code", flat=True))
        for name, model in _CODES.items()
    }


def _errors_of(one: CollectionReport, known: Mapping[str, AbstractSet[str]], at: datetime) -> dict[str, list[str]]:
    """Return the errors of a report by field. An unknown code is one; a category that no purpose covers is none."""
    if one.collected_at > at:
        return {"collected_at": ["Must be in the past."]}
    return {
        name: [f"Not in the register. Allowed: {', '.join(sorted(codes))}."]
        for name, codes in known.items()
        if (name != "purpose" or one.purpose) and getattr(one, name) not in codes
    }


def _record(
    client_id: UUID, checked: Sequence[_Checked], actor: Actor, at: datetime
) -> list[tuple[Collection, Incident | None]]:
    asked = [(one.subject.external_id or "", one.question) for one in checked]
    decided = decide_each(_DECISION_ACTOR, client_id, asked, now=at)
    system = system_acted_for(actor, at=at)
    rows = [_build(one, found, system, actor, at) for one, found in zip(checked, decided, strict=True)]
    Collection.objects.bulk_create(rows)
    _flag(rows)
    add_to_holdings(rows)
    in_order = sorted(rows, key=lambda row: row.collected_at)
    close_ended_periods(client_id, {(row.subject_id, row.category): row.collected_at for row in in_order}, at=at)
    insert_many([_make_entry(row, one.report, actor, at) for row, one in zip(rows, checked, strict=True)])
    incidents = _open_incidents(checked, decided, at)
    return list(zip(rows, incidents, strict=True))


def _build(one: _Checked, found: PastDecision, system: System | None, actor: Actor, at: datetime) -> Collection:
    return Collection(
        id=new_id(),
        client_id=one.subject.client_id,
        subject=one.subject,
        category=one.report.category,
        occasion=one.report.occasion,
        purpose=one.report.purpose,
        count=one.report.count,
        reason=found.decision.reason,
        system=system,
        system_owner=system.client_id if system else None,
        collected_at=one.report.collected_at,
        reported_at=at,
        **actor_fields(actor),
    )


def _flag(rows: Iterable[Collection]) -> None:
    FlaggedCollection.objects.bulk_create(
        FlaggedCollection(
            client_id=row.client_id,
            collection=row,
            subject_id=row.subject_id,
            category=row.category,
            purpose=row.purpose,
            reason=row.reason,
            flagged_at=row.reported_at,
        )
        for row in rows
        if row.reason != DecisionReason.PERMITTED
    )


def _open_incidents(
    checked: Sequence[_Checked], decided: Sequence[PastDecision], at: datetime
) -> list[Incident | None]:
    children = {one.subject.pk for one in checked if one.is_about_child}
    doubtful = list_false_authorisations(children) if children else set()
    is_without = [
        _is_without_authority(one, found.facts, doubtful, at) for one, found in zip(checked, decided, strict=True)
    ]
    without: dict[UUID, list[_Checked]] = defaultdict(list)
    for one in compress(checked, is_without):
        without[one.subject.pk].append(one)
    incidents: dict[UUID, Incident] = {}
    for key, found in without.items():
        categories = {one.report.category for one in found}
        incidents[key] = open_incident(found[0].subject, categories, cause=IncidentCause.COLLECTED, at=at)
    return [incidents[one.subject.pk] if flag else None for one, flag in zip(checked, is_without, strict=True)]


def _is_without_authority(one: _Checked, facts: SubjectFacts | None, doubtful: AbstractSet[UUID], at: datetime) -> bool:
    """Return True as ``is_without_authority`` does; the decision's facts suffice unless a verification was false."""
    if facts is None or not one.is_about_child:
        return False
    if one.subject.pk in doubtful:
        return is_without_authority(one.subject, when=one.report.collected_at, at=at)
    return facts.service_authorisation != GIVEN


def _make_entry(row: Collection, report: CollectionReport, actor: Actor, at: datetime) -> Entry:
    facts = {
        "collection": str(row.pk),
        "category": row.category,
        "occasion": row.occasion,
        "purpose": row.purpose,
        "count": row.count,
        "collected_at": row.collected_at.isoformat(),
        "decision": row.reason,
        "system": str(row.system_id) if row.system_id else None,
        **({"role": report.role} if report.role else {}),
    }
    about: dict[str, Any] = {"client_id": row.client_id, "subject_id": row.subject_id}
    return make_entry("collection.reported", **about, facts=facts, actor=actor, at=at)


_IN_FUTURE = gettext_noop("Must be in the past.")
_UPDATE = """
UPDATE holdings_holding h
SET last_activity_at = u.used_at
FROM (
    SELECT o.id, max(sent.used_at) AS used_at
    FROM unnest(%(people)s::uuid[], %(categories)s::text[], %(times)s::timestamptz[])
        AS sent (person, category, used_at)
    JOIN holdings_holding o ON o.client_id = %(client)s AND o.subject_id = sent.person AND o.ended_at IS NULL
    WHERE sent.category IN ('', o.category) AND (%(system)s::uuid IS NULL OR o.system_id = %(system)s)
        AND o.id <> ALL (%(ended)s::uuid[])
    GROUP BY o.id
) u
WHERE h.client_id = %(client)s AND h.id = u.id AND (h.last_activity_at IS NULL OR h.last_activity_at < u.used_at)
"""

type _Use = tuple[UUID, str, datetime]


@dataclass(frozen=True, slots=True)
class ActivityReport:
    """A report that a person's data was used: their LMS id, the time, and the category (empty: every category)."""

    subject: str
    happened_at: datetime
    category: str = ""


@transaction.atomic
def report_activity(
    client_id: UUID, reports: Sequence[ActivityReport], *, actor: Actor, at: datetime
) -> list[dict[str, list[str]]]:
    """Record when the reporter's system last used data; return the errors of each report by field, in order.

    No use of data whose period is over counts. One update and one ledger entry for all. Raises NotAllowed.
    """
    require(actor, Capability.REPORT_COLLECTIONS, client_id)
    people = find_people(client_id, {one.subject for one in reports})
    errors: list[dict[str, list[str]]] = [
        {"happened_at": [_IN_FUTURE]} if one.happened_at > at else people.errors_of(one.subject) or {}
        for one in reports
    ]
    uses = [
        (people.known[one.subject].pk, one.category, one.happened_at)
        for one, faults in zip(reports, errors, strict=True)
        if not faults
    ]
    if uses:
        updated = _update_holdings(client_id, uses, actor, at)
        facts = {"people": len({person for person, _, _ in uses}), "reports": len(uses), "holdings": updated}
        record_entry("activity.reported", client_id=client_id, facts=facts, actor=actor, at=at)
    return errors


def record_use_of_account(event: SubjectEvent, actor: Actor, at: datetime) -> None:
    """Record the use of an account as a use of what the reporter's system holds; connected to ``event_recorded``."""
    if event.kind == SubjectEventKind.ACTIVE:
        _update_holdings(event.client_id, [(event.subject_id, "", event.happened_at)], actor, at)


def _update_holdings(client_id: UUID, uses: Sequence[_Use], actor: Actor, at: datetime) -> int:
    system, people = system_acted_for(actor, at=at), [person for person, _, _ in uses]
    values = {
        "client": client_id,
        "system": system.pk if system else None,
        "ended": [key for find_ended in ended_periods for key in find_ended(client_id, people, at)],
        "people": people,
        "categories": [category for _, category, _ in uses],
        "times": [used_at for _, _, used_at in uses],
    }
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, values)
        updated: int = cursor.rowcount
    return updated

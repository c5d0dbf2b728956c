"""Incidents: a child's data collected without authority is held back, and erased in every system, within days."""

from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from children.guardians.models import QuarantineCause, Verification
from children.guardians.services import NotHeldBack, quarantine, release
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind
from paktaleem.directory.data_systems.selectors import Parent, is_everything_answered
from paktaleem.directory.data_systems.services import Told, issue_orders
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require, system_actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.by import By, Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.jobs.enqueue import enqueue_job
from retention.models import Collection, Holding, Incident, IncidentCause
from retention.selectors import is_without_authority

__all__ = [
    "DEADLINE",
    "PARENT",
    "OrdersOpen",
    "close_by_hand",
    "close_if_answered",
    "note_overdue",
    "open_for_false_verification",
    "open_for_what_is_held",
    "open_incident",
]

DEADLINE = timedelta(days=7)
"""Policy §8: deleted promptly."""
PARENT = "incident"
TELL = "retention.tell_officers"
_ACTOR = system_actor("retention.incidents")


class OrdersOpen(Exception):
    """Some system has still to answer, or be waived: the incident closes by itself then."""


@transaction.atomic
def open_incident(subject: Subject, categories: AbstractSet[str], *, cause: IncidentCause, at: datetime) -> Incident:
    """Hold a person's data back, and order every system that holds such data to erase it, within seven days.

    One incident is open for a person at a time: what comes to light meanwhile is added to it. Officers are told by
    letter of a new one. It is the portal that acts, whoever reported. Raises AlreadyErased.
    """
    quarantine(subject, cause=QuarantineCause.INCIDENT, actor=_ACTOR, at=at)
    incident = Incident.objects.select_for_update().filter(client_id=subject.client_id, subject=subject).open().first()
    if incident is None:
        incident = _opened(subject, categories, cause, at)
    elif not categories <= set(incident.categories):
        incident.categories = sorted({*incident.categories, *categories})
        save_tracked(incident, actor=_ACTOR, reason=Reason.INCIDENT, at=at)
        _record("incident.widened", incident, _ACTOR, at)
    _order_erasure(subject, categories, incident, at)
    return incident


def _opened(subject: Subject, categories: AbstractSet[str], cause: IncidentCause, at: datetime) -> Incident:
    incident = Incident(
        client_id=subject.client_id,
        subject=subject,
        cause=cause.value,
        categories=sorted(categories),
        opened_at=at,
        due_at=at + DEADLINE,
    )
    save_tracked(incident, actor=_ACTOR, reason=Reason.INCIDENT, at=at)
    _record("incident.opened", incident, _ACTOR, at)
    enqueue_job(TELL, client=str(incident.client_id), incident=str(incident.pk))
    return incident


def _order_erasure(subject: Subject, categories: AbstractSet[str], incident: Incident, at: datetime) -> None:
    """Order what no open order of the incident asks for yet."""
    asked = Order.objects.open().filter(client_id=subject.client_id, parent_kind=PARENT, parent_id=incident.pk)
    about = set().union(*asked.values_list("categories", flat=True))
    missing = frozenset(categories - about)
    if missing:
        told = Told(
            kind=OrderKind.ERASE,
            categories=missing,
            reason=Reason.INCIDENT,
            ground=Ground.CHILD_WITHOUT_CONSENT,
            due_at=max(incident.due_at, at + timedelta(days=1)),
            parent=Parent(PARENT, incident.pk),
        )
        issue_orders(subject, told, actor=_ACTOR, at=at)


def open_for_what_is_held(client_id: UUID, people: Sequence[UUID], actor: By, at: datetime) -> None:
    """See to those who turn out to be children: what is held of them was collected without authority.

    Registered with ``subjects.revealing``. Nothing happens to those for whom a guardian has authorised the service.
    """
    del actor
    categories: dict[UUID, set[str]] = defaultdict(set)
    held = Holding.objects.held().filter(client_id=client_id, subject__in=people)
    for person, category in held.values_list("subject_id", "category"):
        categories[person].add(category)
    for subject in Subject.objects.filter(client_id=client_id, pk__in=categories):
        if is_without_authority(subject, when=at, at=at):
            open_incident(subject, categories[subject.pk], cause=IncidentCause.REVEALED, at=at)


def open_for_false_verification(verification: Verification, actor: Actor, at: datetime) -> None:
    """See to what was collected of a known child on the word of somebody who was not the guardian.

    Connected to ``verification_found_false``. What another guardian's yes covered stays. Of an age that nobody
    knows nothing is erased, as ever.
    """
    del actor
    subject, since = verification.guardianship.child, verification.verified_at
    own: dict[str, Any] = {"client_id": subject.client_id, "subject": subject}
    held = Holding.objects.held().filter(**own, last_collected_at__gte=since).values_list("category", flat=True)
    reported = Collection.objects.filter(**own, collected_at__gte=since, category__in=set(held)).distinct()
    categories: set[str] = set()
    for category, moment in reported.values_list("category", "collected_at").order_by("collected_at"):
        if category not in categories and is_without_authority(subject, when=moment, at=at):
            categories.add(category)
    if categories:
        open_incident(subject, categories, cause=IncidentCause.FALSE_PROOF, at=at)


def close_if_answered(order: Order, actor: Actor, at: datetime) -> None:
    """Close an incident once every system has answered or was waived; registered with ``systems.answered``."""
    del actor
    if order.parent_kind != PARENT or order.parent_id is None:
        return
    incident = _locked(Incident.objects.filter(pk=order.parent_id, client_id=order.client_id))
    if incident.is_open and is_everything_answered(Parent(PARENT, incident.pk), client_id=incident.client_id):
        _close(incident, _ACTOR, at)


@transaction.atomic
def close_by_hand(incident: Incident, *, actor: Actor, at: datetime) -> Incident:
    """Close an incident that no system was there to answer for, once people have seen to it.

    Raises OrdersOpen, NotAllowed. Closed again it stays as it is.
    """
    require(actor, Capability.SETTLE_INCIDENTS, incident.client_id)
    incident = _locked(Incident.objects.filter(pk=incident.pk, client_id=incident.client_id))
    asked = Order.objects.open().filter(client_id=incident.client_id, parent_kind=PARENT, parent_id=incident.pk)
    if asked.exists():
        raise OrdersOpen
    return _close(incident, actor, at) if incident.is_open else incident


@transaction.atomic
def note_overdue(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Have the officers told again, once of each, of incidents that are not over by their day; returns of how many."""
    late = Incident.objects.overdue(at).filter(client_id=client_id, overdue_told_at=None)
    found = list(late.select_for_update(of=("self",), skip_locked=True))
    for incident in found:
        incident.overdue_told_at = at
        save_tracked(incident, actor=actor, reason=Reason.INCIDENT, at=at)
        _record("incident.overdue", incident, actor, at)
        enqueue_job(TELL, client=str(client_id), incident=str(incident.pk), kind="incident_overdue")
    return len(found)


def _close(incident: Incident, actor: Actor, at: datetime) -> Incident:
    incident.closed_at = max(at, incident.opened_at)
    save_tracked(incident, actor=actor, reason=Reason.INCIDENT, at=at)
    _record("incident.closed", incident, actor, at)
    with suppress(NotHeldBack):  # an officer may have ended it before
        release(incident.subject, actor=_ACTOR, at=at)
    return incident


def _locked(rows: Any) -> Incident:
    found: Incident = rows.select_for_update(of=("self",)).select_related("subject").get()
    return found


def _record(kind: str, incident: Incident, actor: Actor, at: datetime) -> None:
    facts = {
        "incident": str(incident.pk),
        "cause": str(incident.cause),
        "categories": incident.categories,
        "due_at": incident.due_at.isoformat(),
    }
    record_entry(kind, client_id=incident.client_id, subject_id=incident.subject_id, facts=facts, actor=actor, at=at)

"""Recording collections that systems report, with the decision about them and any incident."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from consent.decisions.decision import Question
from consent.decisions.selectors.decisions import decide_one
from consent.register.models import DataCategory, Occasion, Purpose
from paktaleem.directory.data_systems.selectors import system_acted_for
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services import lock_subject
from paktaleem.foundation.accounts.actors import Actor, require, system_actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.holdings.models import Collection, Incident, IncidentCause
from retention.holdings.selectors import is_without_authority
from retention.holdings.services.holdings import add_to_holding
from retention.holdings.services.incidents import open_incident

__all__ = ["CollectionReport", "report_collection"]

_DECISION_ACTOR = system_actor("retention.collections")
_CODES: dict[str, Any] = {"category": DataCategory, "occasion": Occasion, "purpose": Purpose}


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionReport:
    """A report of a collection: category, occasion, purpose, time and number of records."""

    category: str
    occasion: str
    purpose: str
    collected_at: datetime
    count: int = 1


@transaction.atomic
def report_collection(
    subject: Subject, collected: CollectionReport, *, actor: Actor, at: datetime
) -> tuple[Collection, Incident | None]:
    """Record a collection with the reason code of the decision, even if the decision denies it.

    Returns the collection, and the incident if it concerns a child without authority (policy §8): a new one, or the
    open one extended by the category. Raises ValidationError naming the field, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.REPORT_COLLECTIONS, subject.client_id)
    subject = lock_subject(subject.pk, client_id=subject.client_id)
    _check(collected, subject, at)
    collection = _build_collection(subject, collected, actor, at)
    collection.save(force_insert=True)
    add_to_holding(collection)
    _record_collection(collection, actor, at)
    if not is_without_authority(subject, when=collected.collected_at, at=at):
        return collection, None
    return collection, open_incident(subject, {collected.category}, cause=IncidentCause.COLLECTED, at=at)


def _check(collected: CollectionReport, subject: Subject, at: datetime) -> None:
    if collected.collected_at > at:
        raise ValidationError({"collected_at": ["Must be in the past."]})
    owners = [subject.client_id, PAKTALEEM]
    faults = {
        field: [f"Not in the register. Allowed: {', '.join(_list_codes(model, owners))}."]
        for field, model in _CODES.items()
        if not model.objects.filter(client_id__in=owners, code=getattr(collected, field)).exists()
    }
    if faults:
        raise ValidationError(faults)


def _list_codes(model: Any, owners: Iterable[Any]) -> list[str]:
    return sorted(set(model.objects.filter(client_id__in=owners).values_list("code", flat=True)))


def _build_collection(subject: Subject, collected: CollectionReport, actor: Actor, at: datetime) -> Collection:
    moment = max(collected.collected_at, subject.registered_at)
    question = Question(collected.purpose, "collect", frozenset({collected.category}), at=moment)
    decision = decide_one(_DECISION_ACTOR, subject.client_id, subject.external_id or "", question, now=at)
    system = system_acted_for(actor, at=at)
    return Collection(
        client_id=subject.client_id,
        subject=subject,
        category=collected.category,
        occasion=collected.occasion,
        purpose=collected.purpose,
        count=collected.count,
        reason=decision.reason,
        system=system,
        system_owner=system.client_id if system else None,
        collected_at=collected.collected_at,
        reported_at=at,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
    )


def _record_collection(collection: Collection, actor: Actor, at: datetime) -> None:
    facts = {
        "collection": str(collection.pk),
        "category": collection.category,
        "occasion": collection.occasion,
        "purpose": collection.purpose,
        "count": collection.count,
        "collected_at": collection.collected_at.isoformat(),
        "decision": collection.reason,
        "system": str(collection.system_id) if collection.system_id else None,
    }
    record_entry(
        "collection.reported",
        client_id=collection.client_id,
        subject_id=collection.subject_id,
        facts=facts,
        actor=actor,
        at=at,
    )

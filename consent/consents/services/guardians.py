"""Answers of several guardians about one purpose: a refusal overrides another guardian's consent.

Only refusals of guardians who may forbid count.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from children.guardians.authority import ChildFacts
from children.guardians.models.guardians import Guardianship
from children.guardians.selectors.guardians import load_child_facts
from children.guardians.services.conflicts import update_conflict
from consent.consents.models.consents import ConsentEvent
from consent.register.models.purposes import Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason

_LATEST_ANSWERS = """
SELECT DISTINCT ON (e.guardian_id) e.guardian_id, e.state FROM consent_consentevent e
WHERE e.client_id = %s AND e.subject_id = %s AND e.purpose_id = %s AND e.guardian_id IS NOT NULL
    AND e.state IN ('given', 'refused', 'withdrawn')
ORDER BY e.guardian_id, e.recorded_at DESC, e.id DESC
"""
_REFUSALS = frozenset({"refused", "withdrawn"})


def is_refused_by_another_guardian(child: Subject, purpose: Purpose, guardian: UUID, *, at: datetime) -> bool:
    """Return True if the latest answer of another guardian who may forbid is a refusal (decision 0028).

    The child's row must be locked.
    """
    latest = _load_latest_answers(child, purpose)
    against = {person for person, state in latest.items() if state in _REFUSALS and person != guardian}
    return bool(against & _guardians_who_may_forbid(load_child_facts(child), at)) if against else False


def update_purpose_conflict(event: ConsentEvent, purpose: Purpose, *, actor: Actor) -> None:
    """Open or close the conflict case about a purpose, depending on whether the child's guardians disagree.

    Follows decision 0028.
    """
    latest = _load_latest_answers(event.subject, purpose)
    at = event.recorded_at
    disagree = False
    if len(latest) > 1:
        facts = load_child_facts(event.subject)
        refusing = {person for person, state in latest.items() if state in _REFUSALS} & _guardians_who_may_forbid(
            facts, at
        )
        consenting = {person for person, state in latest.items() if state == "given"} & facts.standing(at).persons
        disagree = bool(refusing and consenting)
    update_conflict(event.subject, purpose.code, disagree=disagree, actor=actor, reason=Reason.SUBJECT_REQUEST, at=at)


def has_refused_a_purpose(guardianship: Guardianship, at: datetime) -> bool:
    """Return True if a guardian's latest answer to any purpose is a refusal.

    Ending their authority would lift that refusal.
    """
    del at
    events = ConsentEvent.objects.filter(client_id=guardianship.client_id, subject_id=guardianship.child_id)
    answers = events.filter(guardian_id=guardianship.guardian_id, state__in=["given", *_REFUSALS])
    latest = dict(answers.order_by("recorded_at", "id").values_list("purpose_id", "state"))
    return any(state in _REFUSALS for state in latest.values())


def _load_latest_answers(child: Subject, purpose: Purpose) -> Mapping[UUID, str]:
    with connection.cursor() as cursor:
        cursor.execute(_LATEST_ANSWERS, [child.client_id, child.pk, purpose.pk])
        return dict(cursor.fetchall())


def _guardians_who_may_forbid(facts: ChildFacts, at: datetime) -> set[UUID]:
    return {one.person for one in facts.guardians if one.may_forbid(at)}

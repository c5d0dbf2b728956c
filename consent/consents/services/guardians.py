"""Two guardians on one purpose: the latest answer of each, and a no of one who may forbid stands over a yes."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from children.guardians.authority import ChildFacts
from children.guardians.models import Guardianship
from children.guardians.selectors import child_facts
from children.guardians.services import note_conflict
from consent.consents.models import ConsentEvent
from consent.register.models import Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.by import Reason

__all__ = ["another_says_no", "follow_purpose", "says_no_to_a_purpose"]

_LATEST = """
SELECT DISTINCT ON (e.guardian_id) e.guardian_id, e.state FROM consent_consentevent e
WHERE e.client_id = %s AND e.subject_id = %s AND e.purpose_id = %s AND e.guardian_id IS NOT NULL
    AND e.state IN ('given', 'refused', 'withdrawn')
ORDER BY e.guardian_id, e.recorded_at DESC, e.id DESC
"""
_NOES = frozenset({"refused", "withdrawn"})


def another_says_no(child: Subject, purpose: Purpose, guardian: UUID, *, at: datetime) -> bool:
    """Say whether another guardian, who may forbid, last said no to a purpose; the child's row must be locked."""
    latest = _latest(child, purpose)
    against = {person for person, state in latest.items() if state in _NOES and person != guardian}
    return bool(against & _who_may_forbid(child_facts(child), at)) if against else False


def follow_purpose(event: ConsentEvent, purpose: Purpose, *, actor: Actor) -> None:
    """Open or close the case about a purpose, as the child's guardians disagree about it or not."""
    latest = _latest(event.subject, purpose)
    at = event.recorded_at
    disagree = False
    if len(latest) > 1:
        facts = child_facts(event.subject)
        noes = {person for person, state in latest.items() if state in _NOES} & _who_may_forbid(facts, at)
        yeses = {person for person, state in latest.items() if state == "given"} & facts.standing(at).persons
        disagree = bool(noes and yeses)
    told = {"actor": actor, "reason": Reason.SUBJECT_REQUEST, "at": at}
    note_conflict(event.subject, purpose.code, disagree=disagree, **told)  # type: ignore[arg-type]


def says_no_to_a_purpose(guardianship: Guardianship, at: datetime) -> bool:
    """Say whether a guardian last said no to any purpose: ending their authority would lift it."""
    del at
    events = ConsentEvent.objects.filter(client_id=guardianship.client_id, subject_id=guardianship.child_id)
    said = events.filter(guardian_id=guardianship.guardian_id, state__in=["given", *_NOES])
    latest = dict(said.order_by("recorded_at", "id").values_list("purpose_id", "state"))
    return any(state in _NOES for state in latest.values())


def _latest(child: Subject, purpose: Purpose) -> Mapping[UUID, str]:
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [child.client_id, child.pk, purpose.pk])
        return dict(cursor.fetchall())


def _who_may_forbid(facts: ChildFacts, at: datetime) -> set[UUID]:
    return {one.person for one in facts.guardians if one.may_forbid(at)}

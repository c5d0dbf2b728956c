"""The facts about a person that an erasure was proposed on, as hashes by section: whether anything changed since."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from children.guardians.models.guardians import Guardianship
from children.guardians.models.mechanisms import Quarantine
from consent.consents.models import Consent, Objection, Restriction
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.canonical import canonical
from retention.holdings.models import Holding, Incident
from rights.erasures.models import ErasureProposal
from rights.requests.models import RightKind, RightsRequest
from rights.requests.services.outcomes import has_authority
from rights.requests.states import State

AUTHORITY = "authority"
"""Code of a change: the guardian who requested the erasure lost the authority. Not hashed, since it can lapse."""

_LEFT = [State.WITHDRAWN.value, State.DUPLICATE.value]


def read_facts(subject: Subject) -> dict[str, str]:
    """Return SHA-256 hashes (hex) of the facts that matter for a person's erasure, by section.

    Answering a request is not a change, since it must be answered before the erasure; a new one, or one that the person
    withdrew, is. Of holdings count the system, the category and the purposes: not the number of records, which rises
    with every lesson.
    """
    own: dict[str, Any] = {"client_id": subject.client_id, "subject": subject}
    guarded = Guardianship.objects.filter(Q(child=subject) | Q(guardian=subject), client_id=subject.client_id)
    requests = RightsRequest.objects.filter(**own).order_by("pk").values_list("pk", "state")
    sections = {
        "person": [[subject.role, subject.country, subject.changed_at.isoformat()]],
        "holdings": _rows(Holding.objects.held().filter(**own), "system_id", "category", "purposes"),
        "consents": _rows(Consent.objects.filter(**own), "purpose_id", "state", "event_id"),
        "limits": [
            *_rows(Restriction.objects.filter(**own), "pk", "ends_at"),
            *_rows(Objection.objects.filter(**own), "pk", "ends_at"),
        ],
        "guardians": _rows(guarded, "pk", "ends_at", "may_consent", "court_order"),
        "requests": [[str(key), state in _LEFT] for key, state in requests],
        "incidents": [
            *_rows(Incident.objects.open().filter(**own), "pk", "categories"),
            *_rows(Quarantine.objects.filter(**own, ends_at=None), "pk"),
        ],
    }
    return {name: hashlib.sha256(canonical(rows)).hexdigest() for name, rows in sections.items()}


def find_changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """List the sections that differ between two readings."""
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def list_changes(proposal: ErasureProposal, subject: Subject, *, at: datetime) -> list[str]:
    """List the sections that changed since a proposal, and ``AUTHORITY`` if its guardian has lost it."""
    request = proposal.request
    is_lost = request is not None and not has_authority(request, RightKind.ERASURE, at=at)
    return sorted([*find_changes(proposal.seen, read_facts(subject)), *([AUTHORITY] if is_lost else [])])


def _rows(found: Any, *columns: str) -> list[list[Any]]:
    rows = found.order_by("pk").values_list(*columns)
    return [[_plain(value) for value in row] for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int, str, list)) else str(value)

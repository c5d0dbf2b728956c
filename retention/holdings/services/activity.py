"""Recording when systems last used data, in batches and with an account's use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_noop

from paktaleem.directory.data_systems.reported_people import FoundPeople, find_people
from paktaleem.directory.data_systems.selectors import system_acted_for
from paktaleem.directory.people.models import SubjectEvent, SubjectEventKind
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry

_IN_FUTURE = gettext_noop("Must be in the past.")
_UPDATE = """
UPDATE retention_holding h
SET last_activity_at = u.used_at
FROM (
    SELECT o.id, max(sent.used_at) AS used_at
    FROM unnest(%(people)s::uuid[], %(categories)s::text[], %(times)s::timestamptz[])
        AS sent (person, category, used_at)
    JOIN retention_holding o ON o.client_id = %(client)s AND o.subject_id = sent.person AND o.ended_at IS NULL
    WHERE sent.category IN ('', o.category) AND (%(system)s::uuid IS NULL OR o.system_id = %(system)s)
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


@dataclass(frozen=True, slots=True)
class ActivityResult:
    """The result of one report: recorded, or the errors by field."""

    errors: dict[str, list[str]] | None = None

    @property
    def is_recorded(self) -> bool:
        """Return True if there is no error."""
        return self.errors is None


@transaction.atomic
def report_activity(
    client_id: UUID, reports: Sequence[ActivityReport], *, actor: Actor, at: datetime
) -> list[ActivityResult]:
    """Record when data was last used, for many people at once; returns a result for each report, in order.

    Concerns what the reporter's system holds; everything, if the API key acts for no system. An earlier use than the
    known one changes nothing. One update and one ledger entry for all. Raises NotAllowed.
    """
    require(actor, Capability.REPORT_COLLECTIONS, client_id)
    people = find_people(client_id, {one.subject for one in reports})
    results = [ActivityResult(_find_errors(one, people, at)) for one in reports]
    uses = [
        (people.known[one.subject].pk, one.category, one.happened_at)
        for one, result in zip(reports, results, strict=True)
        if result.is_recorded
    ]
    if uses:
        updated = _update_holdings(client_id, uses, actor, at)
        facts = {"people": len({person for person, _, _ in uses}), "reports": len(uses), "holdings": updated}
        record_entry("activity.reported", client_id=client_id, facts=facts, actor=actor, at=at)
    return results


def record_use_of_account(event: SubjectEvent, actor: Actor, at: datetime) -> None:
    """Record the use of an account as a use of what the reporter's system holds; connected to ``event_recorded``."""
    if event.kind == SubjectEventKind.ACTIVE:
        _update_holdings(event.client_id, [(event.subject_id, "", event.happened_at)], actor, at)


def _find_errors(one: ActivityReport, people: FoundPeople, at: datetime) -> dict[str, list[str]] | None:
    if one.happened_at > at:
        return {"happened_at": [_IN_FUTURE]}
    return people.errors_of(one.subject)


def _update_holdings(client_id: UUID, uses: Sequence[_Use], actor: Actor, at: datetime) -> int:
    system = system_acted_for(actor, at=at)
    values = {
        "client": client_id,
        "system": system.pk if system else None,
        "people": [person for person, _, _ in uses],
        "categories": [category for _, category, _ in uses],
        "times": [used_at for _, _, used_at in uses],
    }
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, values)
        updated: int = cursor.rowcount
    return updated

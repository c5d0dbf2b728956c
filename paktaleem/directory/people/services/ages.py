"""Propose age changes that would loosen the age gate, many at once in a few statements (decision 0029)."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from paktaleem.directory.people.details import AGE_GATE_FIELDS, Reading, SubjectDetails
from paktaleem.directory.people.models import AgeChange, AgeRoute
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.second_person import ChangeState, check_ground
from paktaleem.foundation.audit.actors import By
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import make_entry
from paktaleem.foundation.encryption.sealing import Sealer, blind_index

PROPOSAL = "people_agechange.proposal"
_DAYS = ("birth_date", "attested_on", "declared_on")


@dataclass(frozen=True, slots=True)
class AgeProposal:
    """The proposed details of one person, and the sealer with their key."""

    subject_id: UUID
    sealer: Sealer
    details: SubjectDetails

    @property
    def text(self) -> str:
        """The proposal as the text that is sealed."""
        gated = {name: value for name, value in asdict(self.details).items() if name in AGE_GATE_FIELDS}
        return json.dumps({name: str(value) if isinstance(value, date) else value for name, value in gated.items()})


def age_rules_of(client: Client, at: datetime) -> Reading:
    """Return a client's rules for evaluating ages at a time."""
    return Reading(thresholds=client.thresholds, time_zone=client.time_zone, serves_minors=client.serves_minors, at=at)


def full_age_rules_of(client: Client, at: datetime) -> Reading:
    """Return a client's rules for evaluating whether people are of full age at a time."""
    return Reading(thresholds=client.full_ages, time_zone=client.time_zone, serves_minors=False, at=at)


def parse_proposal(text: str) -> dict[str, object]:
    """Parse a sealed proposal into changes of details."""
    gated = json.loads(text)
    days = {name: date.fromisoformat(gated[name]) for name in _DAYS if gated.get(name)}
    return {**gated, **days, "other_roles": tuple(gated["other_roles"])}


def propose_changes(
    client_id: UUID, proposals: Sequence[AgeProposal], *, route: AgeRoute, ground: str = "", actor: By, at: datetime
) -> list[Entry]:
    """Store changes that wait for a second person; return the ledger entries for the caller to write (decision 0029).

    A change that already waits or was declined is not proposed again; an earlier, different one is replaced. Raises
    GroundNeeded if staff propose it in the console without a ground.
    """
    if route is AgeRoute.CONSOLE:
        ground = check_ground(ground, actor)
    marked = {one.subject_id: (one, _mark(client_id, one)) for one in proposals}
    known = AgeChange.objects.filter(client_id=client_id, subject_id__in=list(marked))
    known = known.filter(state__in=[ChangeState.WAITING, ChangeState.DECLINED])
    same = {row.subject_id for row in known if bytes(row.proposal_index) == marked[row.subject_id][1]}
    fresh = {person: one for person, one in marked.items() if person not in same}
    earlier = AgeChange.objects.filter(client_id=client_id, subject_id__in=list(fresh), state=ChangeState.WAITING)
    earlier.update(state=ChangeState.REPLACED, settled_by=actor.id, settled_at=at)
    rows = [
        AgeChange(
            client_id=client_id,
            subject_id=person,
            proposal=one.sealer.seal(one.text, column=PROPOSAL),
            proposal_index=mark,
            route=route,
            ground=ground,
            requested_kind=actor.kind.value,
            requested_by=actor.id,
            requested_at=at,
        )
        for person, (one, mark) in fresh.items()
    ]
    AgeChange.objects.bulk_create(rows)
    return [_entry(row, actor, at) for row in rows]


def _mark(client_id: UUID, one: AgeProposal) -> bytes:
    return blind_index(client_id, "age_change", f"{one.subject_id}/{one.text}") or b""


def _entry(row: AgeChange, actor: By, at: datetime) -> Entry:
    facts = {"change": str(row.pk), "route": str(row.route)}
    kind, client_id, subject_id = "subject.age_change_waiting", row.client_id, row.subject_id
    return make_entry(kind, client_id=client_id, subject_id=subject_id, facts=facts, actor=actor, at=at)

"""Holds that an app above places for a case about a person, such as a rights request, and lifts at the case's end."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from consent.sharing.models.legal import LegalDisclosure
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.tenancy.ids import new_id
from retention.schedule.models.holds import Hold, HoldKind
from retention.schedule.services.holds import HoldScope, deny_deletion, end_hold, is_of_request, place_hold, record_hold

LEGAL_GROUND = "A law requires PakTaleem to keep this data."
"""The ground of a legal hold whose case the client must not know."""
_A_DAY = timedelta(days=1)
_REVIEW_AFTER = timedelta(days=90)


def hold_for_case(
    subject: Subject,
    *,
    client: Client,
    kind: HoldKind,
    case: Parent,
    ground: str,
    review_at: datetime,
    actor: Actor,
    at: datetime,
) -> Hold:
    """Hold all data of a person for a case, in the caller's transaction (decision 0074).

    The review day is that of ``review_at`` in the client's time zone, but at the earliest tomorrow. The caller has
    locked the case, and checked that it has no open hold of this person. Runs two statements for a rights request,
    and one more for another case, whose hold has an entry of its own in the ledger.
    """
    hold = Hold(
        id=new_id(),
        client_id=client.pk,
        kind=kind.value,
        ground=ground,
        subject=subject,
        review_on=_review_day(client, review_at, at),
        related_kind=case.kind,
        related_id=case.id,
        placed_at=at,
        placed_kind=actor.kind.value,
        placed_by=actor.id,
    )
    save_tracked(hold, actor=actor, reason=Reason.REVIEW, at=at)
    if not is_of_request(hold):
        record_hold("hold.placed", hold, actor, at)
    deny_deletion(hold, actor, at)
    return hold


def hold_for_legal_demand(demand: LegalDisclosure, actor: Actor, at: datetime) -> None:
    """Hold the data of the person of an approved demand of an authority; connected to ``legal_demand_approved``.

    The instrument may keep the demand secret, so the hold is one that an officer could have placed by hand: it names
    neither the demand nor the authority. Officers lift it.
    """
    subject = Subject.objects.select_related("client").get(pk=demand.subject_id, client_id=demand.client_id)
    if subject.erased_at is None:
        place_hold(
            subject.client,
            kind=HoldKind.LEGAL,
            scope=HoldScope(subject=subject),
            ground=LEGAL_GROUND,
            review_on=_review_day(subject.client, at + _REVIEW_AFTER, at),
            actor=actor,
            at=at,
        )


def lift_holds_of_case(client_id: UUID, case: Parent, *, ground: str, actor: Actor, at: datetime) -> int:
    """Lift the open holds of a case, in the caller's transaction; return how many (decision 0074). Idempotent."""
    own = Hold.objects.open().filter(client_id=client_id, related_kind=case.kind, related_id=case.id)
    found = list(own.select_for_update(of=("self",)))
    for hold in found:
        end_hold(hold, ground, actor, at)
    return len(found)


def _review_day(client: Client, wanted: datetime, at: datetime) -> date:
    zone = ZoneInfo(client.time_zone)
    return max(wanted.astimezone(zone).date(), at.astimezone(zone).date() + _A_DAY)

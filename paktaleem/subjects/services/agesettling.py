"""Confirming or declining a change of an age that would open the gate: by a person, and not the one who asked."""

from datetime import datetime
from typing import Any

from django.db import transaction

from paktaleem.accounts.actors import Actor, NotAllowed, require
from paktaleem.accounts.roles import Capability
from paktaleem.ledger.by import ByKind, Reason
from paktaleem.ledger.services import record_entry
from paktaleem.subjects.models import AgeChange, AgeChangeState
from paktaleem.subjects.selectors import sealer_of
from paktaleem.subjects.services.ages import PROPOSAL, proposal_of
from paktaleem.subjects.services.locking import locked_subject
from paktaleem.subjects.services.people import record_look, write_confirmed
from paktaleem.subjects.services.readmission import SamePerson

__all__ = ["AgeChangeSettled", "open_age_change", "settle_age_change"]


class AgeChangeSettled(Exception):
    """It was confirmed, declined or replaced before."""


@transaction.atomic
def settle_age_change(
    change: AgeChange, *, approve: bool, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> AgeChange:
    """Confirm a waiting change, which takes effect now, or decline it; who proposed it may only decline.

    Raises SamePerson, AgeChangeSettled, AlreadyErased, ValidationError, NotAllowed.
    """
    require(actor, Capability.SETTLE_CHILD_CHANGES, change.client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only people confirm ages.")
    subject = locked_subject(change.subject_id, client_id=change.client_id)
    change = AgeChange.objects.select_for_update().get(pk=change.pk, client_id=change.client_id)
    if change.state != AgeChangeState.WAITING:
        raise AgeChangeSettled
    if approve and change.requested_by == actor.id:
        raise SamePerson
    change.state = AgeChangeState.APPROVED if approve else AgeChangeState.DECLINED
    change.settled_by, change.settled_at = actor.id, at
    change.save(update_fields=["state", "settled_by", "settled_at"])
    facts = {"change": str(change.pk), "state": str(change.state)}
    told: dict[str, Any] = {"client_id": change.client_id, "subject_id": change.subject_id, "actor": actor, "at": at}
    record_entry("subject.age_change_settled", facts=facts, **told)
    if approve:
        proposal = sealer_of(subject).open(change.proposal, column=PROPOSAL)
        write_confirmed(subject, proposal_of(proposal), actor=actor, reason=reason, at=at)
    return change


@transaction.atomic
def open_age_change(change: AgeChange, *, actor: Actor, reason: Reason | str, at: datetime) -> dict[str, Any]:
    """Show what is proposed, and record who looked and why. Raises AlreadyErased, NotAllowed."""
    require(actor, Capability.REVEAL_PERSONAL_DATA, change.client_id)
    subject = locked_subject(change.subject_id, client_id=change.client_id)
    record_look(subject, ["birth_date", "attested_age", "declared_age", "age_check"], actor=actor, reason=reason, at=at)
    return proposal_of(sealer_of(subject).open(change.proposal, column=PROPOSAL))

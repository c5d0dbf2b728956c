"""Confirm or decline an age change that would loosen the age gate: by a user other than the proposer."""

from datetime import datetime
from typing import Any

from django.db import transaction

from paktaleem.directory.people.age_change_hooks import age_change_settled
from paktaleem.directory.people.age_changes import AgeChange
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.ages import PROPOSAL, parse_proposal
from paktaleem.directory.people.services.locking import lock_subject
from paktaleem.directory.people.services.people import apply_confirmed_change, record_access
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import decide_change, require_approver
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry


@transaction.atomic
def settle_age_change(
    change: AgeChange, *, approve: bool, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> AgeChange:
    """Confirm a waiting change, which takes effect now, or decline it; its proposer may only decline (decision 0029).

    Raises ApproverIsRequester, ApproverNotIndependent, ChangeAlreadyDecided, AlreadyErased, ValidationError,
    NotAllowed.
    """
    require_approver(actor, change.client_id)
    subject = lock_subject(change.subject_id, client_id=change.client_id)
    change = decide_change(change, approve=approve, actor=actor, at=at)
    change.save(update_fields=["state", "settled_by", "settled_at"])
    facts = {"change": str(change.pk), "state": str(change.state)}
    common: dict[str, Any] = {"client_id": change.client_id, "subject_id": change.subject_id, "actor": actor, "at": at}
    record_entry("subject.age_change_settled", facts=facts, **common)
    if approve:
        proposal = sealer_of(subject).open(change.proposal, column=PROPOSAL)
        apply_confirmed_change(subject, parse_proposal(proposal), actor=actor, reason=reason, at=at)
    for handler in age_change_settled:
        handler(change, actor, at)
    return change


@transaction.atomic
def open_age_change(change: AgeChange, *, actor: Actor, reason: Reason | str, at: datetime) -> dict[str, Any]:
    """Return the proposed details, and record the access with its reason. Raises AlreadyErased, NotAllowed."""
    require(actor, Capability.REVEAL_PERSONAL_DATA, change.client_id)
    subject = lock_subject(change.subject_id, client_id=change.client_id)
    record_access(
        subject, ["birth_date", "attested_age", "declared_age", "age_check"], actor=actor, reason=reason, at=at
    )
    return parse_proposal(sealer_of(subject).open(change.proposal, column=PROPOSAL))

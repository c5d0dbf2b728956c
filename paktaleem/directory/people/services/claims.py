"""Claims of guardians: who a school names as a guardian of a child. Neither consent nor verified authority."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry


@transaction.atomic
def claim_guardian(
    child: Subject,
    *,
    guardian: Subject,
    relationship: str,
    actor: Actor,
    reason: Reason | str = Reason.LMS_UPDATE,
    at: datetime,
) -> GuardianClaim:
    """Record that the school names this person as a guardian of the child: a claim, not consent (policy §8).

    An ended claim starts anew. Raises AlreadyErased, ErasureInProgress, ValidationError, NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, child.client_id)
    _lock_recorded(child, guardian)
    claim = GuardianClaim.objects.filter(child=child, guardian=guardian).first()
    if claim is not None and claim.relationship == relationship and claim.ends_at is None:
        return claim
    if claim is None:
        claim = GuardianClaim(client_id=child.client_id, child=child, guardian=guardian, starts_at=at)
    elif claim.ends_at is not None:
        claim.starts_at = at
    claim.relationship, claim.ends_at = relationship, None
    claim.full_clean()
    save_tracked(claim, actor=actor, reason=reason, at=at)
    facts = {"guardian": str(guardian.id), "relationship": relationship}
    record_entry("guardian.claimed", client_id=child.client_id, subject_id=child.id, facts=facts, actor=actor, at=at)
    return claim


def _lock_recorded(child: Subject, guardian: Subject) -> None:
    """Lock both people, so that neither is erased meanwhile. Raises AlreadyErased, ErasureInProgress."""
    rows = Subject.objects.select_for_update().filter(client_id=child.client_id, pk__in=[child.pk, guardian.pk])
    stored = list(rows.order_by("pk"))
    if any(one.erased_at is not None for one in stored):
        raise AlreadyErased
    if any(one.is_being_erased for one in stored):
        raise ErasureInProgress


@transaction.atomic
def end_other_claims(
    child: Subject,
    *,
    named: Iterable[Subject],
    actor: Actor,
    reason: Reason | str = Reason.LMS_UPDATE,
    at: datetime,
) -> int:
    """End the claims of all guardians of a child but those whom the school still names; return how many.

    Claims made only by an invitation of the learning platform stay: its list cannot name people whose LMS id the
    portal made. Raises NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, child.client_id)
    history = GuardianClaim.history.model._default_manager.filter(client_id=OuterRef("client_id"), id=OuterRef("pk"))
    listed = Exists(history.exclude(history_change_reason=Reason.CLIENT_INSTRUCTION.value))
    claims = GuardianClaim.objects.select_for_update().filter(
        listed, client_id=child.client_id, child=child, ends_at=None
    )
    ended = list(claims.exclude(guardian__in=[one.pk for one in named]).order_by("id"))
    for claim in ended:
        claim.ends_at = at
        save_tracked(claim, actor=actor, reason=reason, at=at)
        facts = {"guardian": str(claim.guardian_id)}
        record_entry(
            "guardian.claim_ended", client_id=child.client_id, subject_id=child.id, facts=facts, actor=actor, at=at
        )
    return len(ended)

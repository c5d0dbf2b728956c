"""A school's own authorisation for education: a separate, weaker record that by itself permits nothing."""

from datetime import datetime

from django.db import transaction

from children.guardians.models.authorisations import SchoolAuthorisation
from children.guardians.services.locking import lock_child
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError

_OFFICIAL = "children_schoolauthorisation.official"


class SchoolAuthorisationEnded(PortalError):
    """The authorisation has already ended."""

    console_message = "It has already ended."


@transaction.atomic
def authorise_by_school(
    child: Subject,
    *,
    contract_reference: str,
    official: str,
    actor: Actor,
    reason: Reason | str = Reason.CLIENT_INSTRUCTION,
    at: datetime,
) -> SchoolAuthorisation:
    """Record that a school official authorises the service for education under a contract; ends an earlier one.

    Follows policy §8. Raises ValidationError, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.RECORD_GUARDIANS, child.client_id)
    child = lock_child(child)
    row = SchoolAuthorisation(
        client_id=child.client_id,
        child=child,
        contract_reference=contract_reference.strip(),
        official=sealer_of(child).seal(official.strip(), column=_OFFICIAL),
        starts_at=at,
    )
    row.full_clean(exclude=["client", "child"], validate_constraints=False)
    for earlier in SchoolAuthorisation.objects.filter(client_id=child.client_id, child=child, ends_at=None):
        _end(earlier, actor, reason, at)
    save_tracked(row, actor=actor, reason=reason, at=at)
    _record_authorisation("guardian.school_authorised", row, actor, at)
    return row


@transaction.atomic
def end_school_authorisation(
    row: SchoolAuthorisation, *, actor: Actor, reason: Reason | str = Reason.CLIENT_INSTRUCTION, at: datetime
) -> SchoolAuthorisation:
    """End a school's own authorisation. Raises SchoolAuthorisationEnded, NotAllowed."""
    require(actor, Capability.RECORD_GUARDIANS, row.client_id)
    row = SchoolAuthorisation.objects.select_for_update().get(pk=row.pk, client_id=row.client_id)
    if row.ends_at is not None:
        raise SchoolAuthorisationEnded
    return _end(row, actor, reason, at)


def _end(row: SchoolAuthorisation, actor: Actor, reason: Reason | str, at: datetime) -> SchoolAuthorisation:
    row.ends_at = max(at, row.starts_at)
    save_tracked(row, actor=actor, reason=reason, at=at)
    _record_authorisation("guardian.school_authorisation_ended", row, actor, at)
    return row


def _record_authorisation(kind: str, row: SchoolAuthorisation, actor: Actor, at: datetime) -> None:
    facts = {"school_authorisation": str(row.pk), "contract": row.contract_reference}
    record_entry(kind, client_id=row.client_id, subject_id=row.child_id, facts=facts, actor=actor, at=at)

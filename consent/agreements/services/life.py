"""Suspend, resume and end an agreement: in effect from the next decision (DESIGN §6, rule 4)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from consent.register.models.agreements import AgreementSuspension, ServiceAgreement
from consent.register.services.register import change_register
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.errors import PortalError


class NotInForce(PortalError):
    """The agreement is not in force, or is suspended already."""

    console_message = "The agreement is not in force, or is suspended already."


class NotSuspended(PortalError):
    """The agreement is not suspended."""

    console_message = "The agreement is not suspended."


@transaction.atomic
def suspend_agreement(
    agreement: ServiceAgreement, *, actor: Actor, reason: Reason | str, at: datetime
) -> AgreementSuspension:
    """Suspend an agreement from now on: data is stored and deleted, and not otherwise processed (policy §7).

    Raises NotInForce, NotAllowed.
    """
    agreement = _lock(agreement, actor)
    if agreement.state(at) != "active" or _suspensions(agreement, at).exists():
        raise NotInForce
    row = AgreementSuspension(client_id=agreement.client_id, agreement=agreement, starts_at=at)
    return change_register(row, actor=actor, reason=reason, at=at)


@transaction.atomic
def resume_agreement(agreement: ServiceAgreement, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    """End the suspensions that are in force. Raises NotSuspended, NotAllowed."""
    agreement = _lock(agreement, actor)
    rows = list(_suspensions(agreement, at).filter(starts_at__lt=at))
    if not rows:
        raise NotSuspended
    for row in rows:
        row.ends_at = at
        change_register(row, actor=actor, reason=reason, at=at)


@transaction.atomic
def end_agreement(
    agreement: ServiceAgreement, *, exit_days: int = 0, actor: Actor, reason: Reason | str, at: datetime
) -> ServiceAgreement:
    """End an agreement now; for ``exit_days`` days more, data may be stored so that it can be returned.

    Follows policy §7, GDPR Art. 28(3). Raises NotInForce if it is a draft, has not started or has ended, NotAllowed.
    """
    agreement = _lock(agreement, actor)
    if agreement.state(at) != "active" or agreement.starts_at >= at:
        raise NotInForce
    agreement.ends_at = at
    agreement.exit_until = at + timedelta(days=exit_days) if exit_days else None
    return change_register(agreement, actor=actor, reason=reason, at=at)


def _lock(agreement: ServiceAgreement, actor: Actor) -> ServiceAgreement:
    require(actor, Capability.MANAGE_AGREEMENTS, agreement.client_id)
    rows = ServiceAgreement.objects.select_for_update()
    found: ServiceAgreement = rows.get(pk=agreement.pk, client_id=agreement.client_id)
    return found


def _suspensions(agreement: ServiceAgreement, at: datetime) -> QuerySet[AgreementSuspension]:
    return AgreementSuspension.objects.active(at).filter(client_id=agreement.client_id, agreement=agreement)

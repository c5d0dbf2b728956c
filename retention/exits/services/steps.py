"""Code that all services of exits share: locking, the ledger, the worker's job, and errors."""

from datetime import datetime
from typing import Any
from uuid import UUID

from consent.register.models.agreements import ServiceAgreement
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.jobs.enqueue import enqueue_job
from retention.exits.models import AgreementExit, ExitStage

CASE = "exit"
"""The kind of case that the disposal of an exit serves."""
CONTINUE = "exits.continue"
"""The task that continues an exit."""


class ExitMovedOn(PortalError):
    """The exit is in a stage that does not allow this, because someone or the worker was faster."""

    console_message = "The exit has moved on in the meantime: check it again."


class OtherAgreementInForce(PortalError):
    """Another agreement of the client is in force, so its data is not to be deleted."""

    console_message = "Another agreement of this client is in force or has been signed: its data is still needed."


def has_other_agreement(agreement: ServiceAgreement, at: datetime) -> bool:
    """Return True if another agreement of the client is in force, or signed for a later day."""
    others = ServiceAgreement.objects.filter(client_id=agreement.client_id, signed_at__isnull=False)
    return any(one.state(at) in {"active", "upcoming"} for one in others.exclude(pk=agreement.pk))


def require_last_agreement(agreement: ServiceAgreement, at: datetime) -> None:
    """Raise OtherAgreementInForce if the client's data is still needed under another agreement."""
    if has_other_agreement(agreement, at):
        raise OtherAgreementInForce


def lock_exit(exit_id: UUID, *, client_id: UUID) -> AgreementExit:
    """Return an exit, locked until the end of the transaction."""
    found: AgreementExit = AgreementExit.objects.select_for_update(of=("self",)).get(pk=exit_id, client_id=client_id)
    return found


def require_stage(row: AgreementExit, *stages: ExitStage) -> None:
    """Raise ExitMovedOn unless the exit is in one of these stages."""
    if row.stage not in stages:
        raise ExitMovedOn


def enqueue_exit(row: AgreementExit, *, unless_queued: bool = False) -> None:
    """Enqueue the job that continues an exit; jobs of one client's exits run one after the other."""
    client = str(row.client_id)
    enqueue_job(CONTINUE, lock=f"{CONTINUE}/{client}", unless_queued=unless_queued, client=client, exit=str(row.pk))


def record_exit(kind: str, row: AgreementExit, actor: Actor, at: datetime, **more: Any) -> None:
    """Record a step of an exit in the ledger: ids, codes, counts and times."""
    facts = {
        "exit": str(row.pk),
        "agreement": str(row.agreement_id),
        "choice": str(row.choice),
        "stage": str(row.stage),
        "delete_by": row.delete_by.isoformat(),
        **more,
    }
    record_entry(kind, client_id=row.client_id, facts=facts, actor=actor, at=at)

"""The deletion of a client's data: first at the systems, by a disposal, then the people in the portal."""

from datetime import datetime
from typing import Any

from django.db import transaction

from consent.consents.selectors.consents import find_restrictions
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.locking import lock_unheld_subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.errors import PortalError
from retention.disposals.models.batches import Batch, Stage
from retention.disposals.models.items import Item, ItemState
from retention.disposals.services.reviewing import pause_disposal, resume_disposal
from retention.disposals.services.sweeping import open_disposal
from retention.exits.models import AgreementExit, Choice, ExitStage
from retention.exits.services.certificates import certify_exit
from retention.exits.services.steps import (
    CASE,
    ExitMovedOn,
    enqueue_exit,
    has_other_agreement,
    lock_exit,
    record_exit,
    require_last_agreement,
    require_stage,
)

AT_ONCE = 50
"""People erased in one transaction."""


class NotReturnedYet(PortalError):
    """The client has neither confirmed that it received its data, nor declined it in writing."""

    console_message = "First the client confirms that it has its data, or declines it in writing."


@transaction.atomic
def delete_data(row: AgreementExit, *, actor: Actor, reason: Reason | str, at: datetime) -> AgreementExit:
    """Begin the deletion after the return, or repeat it for data that was kept (GDPR Art. 28(3), decision 0079).

    The deletion of data that the client declined takes two officers. Raises NotReturnedYet, ApproverIsRequester,
    OtherAgreementInForce, ExitMovedOn, BatchMovedOn if another disposal is open, NotAllowed.
    """
    require(actor, Capability.APPROVE_EXITS, row.client_id)
    row = lock_exit(row.pk, client_id=row.client_id)
    require_stage(row, ExitStage.RETURNING, ExitStage.DELETING)
    if row.stage == ExitStage.DELETING and not is_to_repeat(row):
        raise ExitMovedOn
    if row.choice == Choice.RETURN and row.returned_at is None:
        if row.return_declined_at is None:
            raise NotReturnedYet
        if row.return_declined_by == actor.id:
            raise ApproverIsRequester
    return begin_deletion(row, actor=actor, reason=reason, at=at)


def begin_deletion(row: AgreementExit, *, actor: Actor, reason: Reason | str, at: datetime) -> AgreementExit:
    """Open the disposal of all data of a locked exit. Raises OtherAgreementInForce, BatchMovedOn, NotAllowed."""
    require_last_agreement(row.agreement, at)
    client = Client.objects.get(pk=row.client_id)
    batch = open_disposal(client, case=Parent(CASE, row.pk), is_approved=True, actor=actor, at=at)
    row.stage, row.disposal_id, row.cursor = ExitStage.DELETING, batch.pk, None
    row.save()
    record_exit("exit.deletion_started", row, actor, at, disposal=str(batch.pk), reason=Reason(reason).value)
    return row


def find_disposal(row: AgreementExit) -> Batch | None:
    """Find the latest disposal of an exit."""
    if row.disposal_id is None:
        return None
    found: Batch | None = Batch.objects.filter(client_id=row.client_id, pk=row.disposal_id).first()
    return found


def is_to_repeat(row: AgreementExit) -> bool:
    """Return True if the last disposal has ended without all the data, so that an officer must repeat the deletion.

    Data on hold or restricted was sent back, or the disposal was cancelled. An interrupted exit is continued first.
    """
    batch = find_disposal(row)
    if row.stage != ExitStage.DELETING or row.paused_at is not None or batch is None or batch.ended_at is None:
        return False
    if batch.stage == Stage.CANCELLED:
        return batch.size > 0
    return Item.objects.filter(client_id=row.client_id, batch=batch, state=ItemState.SENT_BACK).exists()


@transaction.atomic
def continue_deletion(row: AgreementExit, *, actor: Actor, at: datetime) -> bool:
    """Go on to the erasure of people once every system has answered; return True if it has begun.

    Data that was on hold or restricted was sent back: then the exit waits until an officer repeats the deletion.
    Raises NotAllowed.
    """
    require(actor, Capability.CARRY_OUT_EXITS, row.client_id)
    row = lock_exit(row.pk, client_id=row.client_id)
    batch = find_disposal(row)
    if row.stage != ExitStage.DELETING or row.paused_at is not None or batch is None or batch.ended_at is None:
        return False
    if is_to_repeat(row):
        return False
    row.stage, row.cursor = ExitStage.ERASING, None
    row.save(update_fields=["stage", "cursor"])
    record_exit("exit.systems_answered", row, actor, at, disposal=str(batch.pk))
    return True


@transaction.atomic
def erase_chunk(row: AgreementExit, *, actor: Actor, at: datetime, size: int = AT_ONCE) -> bool:
    """Erase the next people of the client, by destroying their keys; return True if more are left to look at.

    Follows decision 0079. A person with a hold or a restriction is kept, and looked at again in the next run.
    After the last person the
    exit is certified. No one is erased while another agreement of the client is in force. Raises NotAllowed.
    """
    require(actor, Capability.CARRY_OUT_EXITS, row.client_id)
    row = lock_exit(row.pk, client_id=row.client_id)
    if row.stage != ExitStage.ERASING or row.paused_at is not None or has_other_agreement(row.agreement, at):
        return False
    rows = Subject.objects.filter(client_id=row.client_id, erased_at=None).order_by("pk")
    people = list((rows if row.cursor is None else rows.filter(pk__gt=row.cursor))[:size])
    row.kept = 0 if row.cursor is None else row.kept
    for person in people:
        is_erased = _erase(person, actor=actor, at=at)
        row.erased, row.kept = row.erased + is_erased, row.kept + (not is_erased)
    row.cursor = people[-1].pk if people else None
    row.save(update_fields=["cursor", "erased", "kept"])
    if not people and not row.kept:
        certify_exit(row, actor=actor, at=at)
    return bool(people)


def _erase(person: Subject, *, actor: Actor, at: datetime) -> bool:
    """Erase a person, unless they are on hold, restricted or being erased; return True if erased."""
    unheld = lock_unheld_subject(person, at=at)
    if unheld is None or find_restrictions(unheld, at=at).exists():
        return False
    erase_subject(unheld, actor=actor, reason=Reason.AGREEMENT_CHANGE, at=at)
    return True


@transaction.atomic
def pause_exit(row: AgreementExit, *, actor: Actor, reason: Reason | str, at: datetime) -> AgreementExit:
    """Interrupt an exit: the worker does nothing more until it is continued. Raises ExitMovedOn, NotAllowed."""
    return _set_paused(row, at, actor=actor, reason=reason, at=at)


@transaction.atomic
def resume_exit(row: AgreementExit, *, actor: Actor, reason: Reason | str, at: datetime) -> AgreementExit:
    """Continue an interrupted exit where it stopped. Raises ExitMovedOn, NotAllowed."""
    row = _set_paused(row, None, actor=actor, reason=reason, at=at)
    enqueue_exit(row)
    return row


def _set_paused(
    row: AgreementExit, paused_at: datetime | None, *, actor: Actor, reason: Reason | str, at: datetime
) -> AgreementExit:
    require(actor, Capability.APPROVE_EXITS, row.client_id)
    row = lock_exit(row.pk, client_id=row.client_id)
    require_stage(row, ExitStage.COLLECTING, ExitStage.EXPORTING, ExitStage.DELETING, ExitStage.ERASING)
    row.paused_at = paused_at
    row.save(update_fields=["paused_at"])
    code = Reason(reason).value
    record_exit("exit.continued" if paused_at is None else "exit.interrupted", row, actor, at, reason=code)
    batch = find_disposal(row)
    if row.stage == ExitStage.DELETING and batch is not None and batch.ended_at is None:
        by: dict[str, Any] = {"actor": actor, "at": at}
        (resume_disposal if paused_at is None else pause_disposal)(batch, **by)
    return row

"""The act of two people that ends an agreement and begins the exit (policy §7; GDPR Art. 28(3)(g))."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from consent.agreements.selectors import list_notice_recipients, list_privacy_contacts
from consent.agreements.services import end_agreement
from consent.register.models.agreements import ServiceAgreement
from paktaleem.directory.mail.services import SendArguments, declare_message, send_message
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.acts import Refused, lock_row
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import decide_change, request_change
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.encryption.sealing import wrap_new_key
from paktaleem.foundation.tenancy.context import advisory_lock
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from paktaleem.office.exits.models import AgreementExit, Choice, ExitStage
from paktaleem.office.exits.services.deleting import (
    begin_deletion,
    enqueue_exit,
    narrow_access,
    record_exit,
    require_last_agreement,
)

EXPORT_READY = declare_message("exit_export_ready", fields=("school", "number", "day"))
_A_DAY = timedelta(days=1)
_RETURN_FIRST = gettext_noop("The deletion ends after the return.")
_NOT_SIGNED = gettext_noop("Choose an agreement that both sides have signed.")


@transaction.atomic
def propose_exit(
    agreement: ServiceAgreement,
    *,
    choice: Choice | str,
    return_days: int = 30,
    delete_days: int = 60,
    ground: str,
    actor: Actor,
    at: datetime,
) -> AgreementExit:
    """Propose the end of an agreement with the client's choice and the deadlines, in days from the approval.

    Follows GDPR Art. 28(3), decision 0079. Nothing happens until an officer approves. Raises ValidationError naming the
    field, GroundNeeded, Refused, NotAllowed.
    """
    require(actor, Capability.DECIDE_FOR_CLIENT, agreement.client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in person proposes an exit.")
    advisory_lock(f"exit/{agreement.client_id}")
    choice = Choice(choice)
    if agreement.client_id == PAKTALEEM or agreement.state(at) not in {"active", "ended"}:
        raise ValidationError({"agreement": [_NOT_SIGNED]})
    if delete_days < 1 or (choice is Choice.RETURN and not 1 <= return_days < delete_days):
        raise ValidationError({"delete_days": [_RETURN_FIRST]})
    if AgreementExit.objects.open().filter(client_id=agreement.client_id).exists():
        raise Refused(_("This client has an exit already."))
    require_last_agreement(agreement, at)
    row = AgreementExit(
        id=new_id(),
        client_id=agreement.client_id,
        agreement=agreement,
        choice=choice,
        return_until=at + return_days * _A_DAY if choice is Choice.RETURN else None,
        delete_by=at + delete_days * _A_DAY,
        requested_role=actor.role,
    )
    request_change(row, ground=ground, actor=actor, at=at)
    row.save(force_insert=True)
    record_exit("exit.proposed", row, actor, at)
    return row


@transaction.atomic
def decide_exit(
    row: AgreementExit, *, approve: bool, actor: Actor, reason: Reason | str = Reason.AGREEMENT_CHANGE, at: datetime
) -> AgreementExit:
    """Approve an exit as the second person, an officer, or decline it (decision 0079).

    With the approval the agreement ends, if it has not ended, and with it memberships and invitations; keys and
    webhooks serve orders only. Then the systems give their data and the export is written, or the deletion begins.
    Raises Refused, ApproverIsRequester, ApproverNotIndependent, ChangeAlreadyDecided, NotAllowed.
    """
    require(actor, Capability.APPROVE_EXITS, row.client_id)
    row = lock_row(row)
    decided = decide_change(row, approve=approve, actor=actor, at=at)
    if not approve:
        decided.stage, decided.ended_at = ExitStage.DECLINED, at
        decided.save()
        record_exit("exit.declined", decided, actor, at)
        return decided
    require_last_agreement(decided.agreement, at)
    waited = at - decided.requested_at
    decided.delete_by += waited
    decided.return_until = decided.return_until and decided.return_until + waited
    agreement = ServiceAgreement.objects.get(pk=decided.agreement_id, client_id=decided.client_id)
    if agreement.state(at) == "active":
        end_agreement(agreement, exit_days=-((at - decided.delete_by) // _A_DAY), actor=actor, reason=reason, at=at)
    counts = narrow_access(decided.client_id, actor=actor, at=at)
    decided.approved_role = actor.role
    decided.people = Subject.objects.filter(client_id=decided.client_id, erased_at=None).count()
    _, decided.epoch, decided.wrapped = wrap_new_key(decided.client_id, decided.pk)
    decided.stage = ExitStage.COLLECTING if decided.choice == Choice.RETURN else ExitStage.RETURNING
    decided.save()
    record_exit("exit.approved", decided, actor, at, access=counts)
    if decided.choice == Choice.RETURN:
        enqueue_exit(decided)
        return decided
    return begin_deletion(decided, actor=actor, reason=reason, at=at)


def announce_export(row: AgreementExit, *, actor: Actor, at: datetime) -> int:
    """Email the client's privacy contacts that the export is ready, in the caller's transaction; return how many.

    Without a privacy contact or data protection officer, the contacts for notices are informed. Raises ValueError
    for an exit without a return.
    """
    client = Client.objects.get(pk=row.client_id)
    people = list_privacy_contacts(client.pk, at=at) or list_notice_recipients(client.pk, at=at)
    if row.return_until is None:
        raise ValueError("An export is only written for a return, which has a last day.")
    day = client.day_at(row.return_until)
    context = {"school": client.name[:200], "number": str(row), "day": day.isoformat()}
    stamp: SendArguments = {"related_id": row.pk, "actor": actor, "at": at}
    for person in people:
        send_message(EXPORT_READY.code, to=person, client_id=client.pk, context=context, **stamp)
    return len(people)

"""The end of an agreement, an act of two people, and the deletion of the client's data (policy §7; GDPR Art. 28(3)(g)).

The data is deleted first at the systems, by a disposal, then the people in the portal.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _, gettext_lazy, gettext_noop

from children.invitations.services.answering import close_invitations
from consent.agreements.selectors import list_notice_recipients, list_privacy_contacts
from consent.agreements.services import end_agreement
from consent.consents.selectors.consents import find_restrictions
from consent.paper.selectors import in_each
from consent.register.models.agreements import ServiceAgreement
from paktaleem.directory.data_systems.models import Order, OrderKind, System
from paktaleem.directory.data_systems.selectors import Parent, list_serving_systems
from paktaleem.directory.data_systems.services.registering import forget_contacts
from paktaleem.directory.data_systems.states import State
from paktaleem.directory.mail.services import SendArguments, declare_message, send_message
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import lock_unheld_subject
from paktaleem.directory.staff.former_staff import erase_unneeded_accounts
from paktaleem.directory.webhooks.models import Endpoint
from paktaleem.directory.webhooks.services import change_endpoint, remove_endpoint
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, ReasonedAuthorship, require
from paktaleem.foundation.accounts.acts import Refused, act, lock_row
from paktaleem.foundation.accounts.models import ApiKey, Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ApproverIsRequester, decide_change, request_change
from paktaleem.foundation.accounts.services import narrow_api_key, revoke_api_key
from paktaleem.foundation.accounts.staff_services import end_all_memberships
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.canonical import format_time
from paktaleem.foundation.audit.certificates import issue, read_body
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import wrap_new_key
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import advisory_lock
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from paktaleem.office.exits.models import AgreementExit, Choice, ExitCertificate, ExitPart, ExitStage
from retention.data_map.portal import list_portal_lines
from retention.disposals.models import Batch, Item, ItemState, Stage
from retention.disposals.selectors import list_case_certificates
from retention.disposals.services.batches import open_disposal, pause_disposal, resume_disposal
from retention.disposals.services.executing import find_confirmations
from retention.inventories.models import AskedFor
from retention.inventories.selectors import find_last_inventories, list_awaited
from retention.inventories.services import order_inventories

_SCOPES = frozenset({"orders", "decisions:ask"})
"""The scopes that keys keep: orders, and decisions, of which only ``store`` and ``delete`` are permitted."""
_EVENTS = ("order.*",)
_WHY = Reason.AGREEMENT_CHANGE


def narrow_access(client_id: UUID, *, actor: Actor, at: datetime) -> dict[str, int]:
    """End memberships and invitations; narrow keys and webhooks to orders, or end them; return counts (decision 0079).

    Raises NotAllowed.
    """
    by: ReasonedAuthorship = {"actor": actor, "reason": _WHY, "at": at}
    members = end_all_memberships(client_id, **by)
    keys = _live_keys(client_id)
    for key in keys:
        kept = sorted(_SCOPES & set(key.scopes))
        if "orders" in kept:
            narrow_api_key(key, scopes=kept, **by)
        else:
            revoke_api_key(key, **by)
    invitations = close_invitations(client_id, actor=actor, at=at)
    webhooks = _endpoints(client_id)
    for endpoint in webhooks:
        endpoint.events = list(_EVENTS)
        try:
            change_endpoint(endpoint, **by)
        except ValidationError:
            remove_endpoint(endpoint, **by)
    return {"memberships": members, "keys": len(keys), "webhooks": len(webhooks), "invitations": invitations}


def _live_keys(client_id: UUID) -> list[ApiKey]:
    return list(ApiKey.objects.filter(client_id=client_id, revoked_at=None).order_by("pk"))


def _endpoints(client_id: UUID) -> list[Endpoint]:
    return list(Endpoint.objects.filter(client_id=client_id, removed_at=None).order_by("pk"))


CASE = "exit"
"""The kind of case that the disposal of an exit serves."""
CONTINUE = "exits.continue"
"""The task that continues an exit."""

_MOVED_ON = gettext_lazy("The exit has moved on in the meantime: check it again.")


def has_other_agreement(agreement: ServiceAgreement, at: datetime) -> bool:
    """Return True if another agreement of the client is in force, or signed for a later day."""
    others = ServiceAgreement.objects.filter(client_id=agreement.client_id, signed_at__isnull=False)
    return any(one.state(at) in {"active", "upcoming"} for one in others.exclude(pk=agreement.pk))


def require_last_agreement(agreement: ServiceAgreement, at: datetime) -> None:
    """Raise Refused if the client's data is still needed under another agreement."""
    if has_other_agreement(agreement, at):
        raise Refused(_("Another agreement of this client is in force or has been signed: its data is still needed."))


def require_stage(row: AgreementExit, *stages: ExitStage) -> None:
    """Raise Refused unless the exit is in one of these stages."""
    if row.stage not in stages:
        raise Refused(_MOVED_ON)


def enqueue_exit(row: AgreementExit, *, unless_queued: bool = False) -> None:
    """Enqueue the job that continues an exit; jobs of one client's exits run one after the other."""
    client = str(row.client_id)
    enqueue_job(CONTINUE, lock=f"{CONTINUE}/{client}", unless_queued=unless_queued, client=client, exit=str(row.pk))


def record_exit(kind: str, row: AgreementExit, actor: Actor, at: datetime, **more: object) -> None:
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


VERSION = 6
_NOT_CONFIRMED = (ItemState.NOT_APPLICABLE, ItemState.WAIVED, ItemState.NO_SYSTEM)


def certify_exit(row: AgreementExit, *, actor: Actor, at: datetime) -> ExitCertificate:
    """Certify a locked exit: end the remaining access, erase unneeded accounts and contacts, destroy the export's key.

    Follows policy §7, decision 0079.
    """
    by: ReasonedAuthorship = {"actor": actor, "reason": _WHY, "at": at}
    for key in _live_keys(row.client_id):
        revoke_api_key(key, **by)
    for endpoint in _endpoints(row.client_id):
        remove_endpoint(endpoint, **by)
    erase_unneeded_accounts(row.client_id, actor=actor, at=at)
    forget_contacts(row.client_id, actor=actor, at=at)
    row.stage, row.ended_at, row.epoch, row.wrapped = ExitStage.CERTIFIED, at, None, None
    row.save()
    facts = {"exit": str(row.pk), "agreement": str(row.agreement_id), "choice": str(row.choice)}
    new, content = ExitCertificate(client_id=row.client_id, exit=row), _compose(row, at)
    return issue(new, "exit.certified", content, client_id=row.client_id, facts=facts, actor=actor, at=at)


def _compose(row: AgreementExit, at: datetime) -> dict[str, object]:
    client = Client.objects.get(pk=row.client_id)
    agreement = ServiceAgreement.objects.get(pk=row.agreement_id)
    disposals = list_case_certificates(row.client_id, Parent(CASE, row.pk))
    bodies = [read_body(disposal) for disposal in disposals]
    parts = ExitPart.objects.filter(client_id=row.client_id, exit=row).values_list("number", "people", "manifest")
    return {
        "type": "exit_certificate",
        "version": VERSION,
        "number": str(row),
        "exit": str(row.pk),
        "client": {"code": client.code, "name": client.name},
        "agreement": {"reference": agreement.reference, "ended_at": format_time(agreement.ends_at)},
        "choice": str(row.choice),
        "proposed": {"by": row.requested_role, "at": format_time(row.requested_at)},
        "approved": {"by": row.approved_role, "at": format_time(row.settled_at)},
        "returned_at": format_time(row.returned_at),
        "return_declined_at": format_time(row.return_declined_at),
        "export": [dict(zip(("part", "people", "manifest_sha256"), one, strict=True)) for one in parts],
        "given": _count_given(row),
        "disposals": [{"id": str(one.batch_id), "sha256": one.sha256} for one in disposals],
        "systems": _count_answers(row, _sum_lines(bodies)),
        "categories": {code: name for body in bodies for code, name in body["names"]["categories"].items()},
        "portal": _list_portal(row.client_id),
        "people": {"at_approval": row.people, "exported": row.exported, "erased": row.erased},
        "delete_by": format_time(row.delete_by),
        "issued_at": format_time(at),
    }


def _list_portal(client_id: UUID) -> list[dict[str, object]]:
    """Return what the portal itself holds of the client's people, with its rules, in both languages."""
    lines = in_each(partial(list_portal_lines, client_id))
    return [
        {
            "kind": line.code,
            "categories": sorted(line.categories),
            "period": line.duration,
            "names": {
                language: {"name": one.name, "counted_from": one.counted_from, "kept": one.period, "then": one.disposal}
                for language, one in (("en", line), ("ur", urdu))
            },
        }
        for line, urdu in zip(lines["en"], lines["ur"], strict=True)
    ]


def _sum_lines(disposals: Iterable[Mapping[str, Any]]) -> dict[str | None, list[dict[str, object]]]:
    """Return by system the number of holdings of each category that were not sent back, with what they rest on."""
    sums: Counter[tuple[str | None, str, str, str, str | None]] = Counter()
    for count in (count for body in disposals for count in body["counts"] if count["state"] != ItemState.SENT_BACK):
        basis = (count["known_from"], count["rests_on"], count["confirmed_at"])
        sums[count["system"], count["category"], *basis] += count["count"]
    lines: dict[str | None, list[dict[str, object]]] = {}
    for (system, *line), number in sorted(sums.items(), key=lambda item: [str(part) for part in item[0]]):
        names = ("category", "known_from", "rests_on", "confirmed_at")
        lines.setdefault(system, []).append(dict(zip(names, line, strict=True)) | {"count": number})
    return lines


def _count_answers(row: AgreementExit, lines: Mapping[str | None, object]) -> list[dict[str, object]]:
    own = Item.objects.filter(client_id=row.client_id, batch__case_kind=CASE, batch__case_id=row.pk)
    found: dict[UUID | None, dict[str, int]] = {}
    for system_id, state, count in own.order_by().values_list("system_id", "state").annotate(Count("pk")):
        if state != ItemState.SENT_BACK:
            found.setdefault(system_id, {})[state] = count
    systems = System.objects.in_bulk([key for key in found if key is not None])
    batches = Batch.objects.filter(client_id=row.client_id, case_kind=CASE, case_id=row.pk)
    days = find_confirmations(row.client_id, batches.values_list("pk", flat=True))
    inventories = find_last_inventories(row.client_id)
    return [
        {
            "system": systems[key].code if key else None,
            "name": systems[key].name if key else None,
            "confirmed": answers.get(ItemState.DISPOSED, 0) + answers.get(ItemState.NOT_FOUND, 0),
            "not_confirmed": sum(answers.get(state, 0) for state in _NOT_CONFIRMED),
            "answers": dict(sorted(answers.items())),
            "confirmed_at": format_time(days.get(systems[key].code if key else None)),
            "inventory": inventories.get(key),
            "lines": lines.get(systems[key].code if key else None, []),
        }
        for key, answers in sorted(found.items(), key=lambda one: systems[one[0]].code if one[0] else "")
    ]


def _count_given(row: AgreementExit) -> list[dict[str, object]]:
    orders = Order.objects.filter(client_id=row.client_id, parent_kind=CASE, parent_id=row.pk, kind=OrderKind.COLLECT)
    found: dict[tuple[str, str], dict[str, int]] = {}
    named = orders.order_by("system__code", "state").values_list("system__code", "system__name", "state")
    for code, name, state, count in named.annotate(count=Count("pk")):
        found.setdefault((code, name), {})[state] = count
    return [
        {
            "system": code,
            "name": name,
            "given": answers.get(State.CONFIRMED, 0),
            "not_given": sum(count for state, count in answers.items() if state != State.CONFIRMED),
            "answers": answers,
        }
        for (code, name), answers in found.items()
    ]


AT_ONCE = 50
"""People erased in one transaction."""


def _check_deletion(row: AgreementExit, actor: Actor, _at: datetime) -> None:
    require_stage(row, ExitStage.RETURNING, ExitStage.DELETING)
    if row.stage == ExitStage.DELETING and not is_to_repeat(row):
        raise Refused(_MOVED_ON)
    if row.choice == Choice.RETURN and row.returned_at is None:
        if row.return_declined_at is None:
            raise Refused(_("First the client confirms that it has its data, or declines it in writing."))
        if row.return_declined_by == actor.id:
            raise ApproverIsRequester


@act(
    "delete-data",
    "Delete the data",
    Capability.APPROVE_EXITS,
    lead="Every system is ordered to delete the client’s data; then the people are erased here.",
    done="The deletion has begun.",
    danger=True,
    check=_check_deletion,
)
def delete_data(row: AgreementExit, *, actor: Actor, reason: Reason | str, at: datetime) -> AgreementExit:
    """Begin the deletion after the return, or repeat it for data that was kept (GDPR Art. 28(3), decision 0079).

    The deletion of data that the client declined takes two officers. Raises Refused, ApproverIsRequester, BatchMovedOn
    if another disposal is open, NotAllowed.
    """
    return begin_deletion(row, actor=actor, reason=reason, at=at)


def begin_deletion(row: AgreementExit, *, actor: Actor, reason: Reason | str, at: datetime) -> AgreementExit:
    """Open the disposal of all data of a locked exit. Raises Refused, BatchMovedOn, NotAllowed."""
    require_last_agreement(row.agreement, at)
    client = Client.objects.get(pk=row.client_id)
    batch = open_disposal(client, case=Parent(CASE, row.pk), is_approved=True, actor=actor, at=at)
    row.stage, row.disposal_id, row.cursor = ExitStage.DELETING, batch.pk, None
    row.save()
    systems = list_serving_systems(row.client_id, at=at)
    order_inventories(row.client_id, systems, asked_for=AskedFor.EXIT, actor=actor, at=at)
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
    require(actor, Capability.RUN_TASKS, row.client_id)
    row = lock_row(row)
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

    Follows decision 0079. A person with a hold or a restriction is kept, and looked at again in the next run. After the
    last person the exit is certified, once each system has answered its inventory or let the due date pass: the
    certificate names it as silent. No one is erased while another agreement is in force. Raises NotAllowed.
    """
    require(actor, Capability.RUN_TASKS, row.client_id)
    row = lock_row(row)
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
    if not people and not row.kept and not list_awaited(row.client_id, at=at).exists():
        certify_exit(row, actor=actor, at=at)
    return bool(people)


def _erase(person: Subject, *, actor: Actor, at: datetime) -> bool:
    unheld = lock_unheld_subject(person, at=at)
    if unheld is None or find_restrictions(unheld, at=at).exists():
        return False
    erase_subject(unheld, actor=actor, reason=Reason.AGREEMENT_CHANGE, at=at)
    return True


_MOVING = (ExitStage.COLLECTING, ExitStage.EXPORTING, ExitStage.DELETING, ExitStage.ERASING)


def _check_moving(row: AgreementExit, _actor: Actor, _at: datetime, *, is_paused: bool) -> None:
    if row.stage not in _MOVING or (row.paused_at is not None) != is_paused:
        raise Refused(_MOVED_ON)


@act(
    "interrupt",
    "Interrupt",
    Capability.APPROVE_EXITS,
    lead="The worker does nothing more until you continue. Answers of systems are still taken.",
    done="Interrupted.",
    check=partial(_check_moving, is_paused=False),
)
def pause_exit(row: AgreementExit, *, actor: Actor, reason: Reason | str, at: datetime) -> AgreementExit:
    """Interrupt an exit: the worker does nothing more until it is continued. Raises Refused, NotAllowed."""
    return _set_paused(row, at, actor=actor, reason=reason, at=at)


@act(
    "continue",
    "Continue",
    Capability.APPROVE_EXITS,
    lead="The worker goes on where it stopped.",
    done="Continued.",
    check=partial(_check_moving, is_paused=True),
)
def resume_exit(row: AgreementExit, *, actor: Actor, reason: Reason | str, at: datetime) -> AgreementExit:
    """Continue an interrupted exit where it stopped. Raises Refused, NotAllowed."""
    row = _set_paused(row, None, actor=actor, reason=reason, at=at)
    enqueue_exit(row)
    return row


def _set_paused(
    row: AgreementExit, paused_at: datetime | None, *, actor: Actor, reason: Reason | str, at: datetime
) -> AgreementExit:
    row.paused_at = paused_at
    row.save(update_fields=["paused_at"])
    code = Reason(reason).value
    record_exit("exit.continued" if paused_at is None else "exit.interrupted", row, actor, at, reason=code)
    batch = find_disposal(row)
    if row.stage != ExitStage.DELETING or batch is None or batch.ended_at is not None:
        return row
    if (batch.paused_at is None) != (paused_at is None):
        (resume_disposal if paused_at is None else pause_disposal)(batch, actor=actor, at=at)
    return row


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

"""Registering and changing clients; what would take a guardian's protection from people waits for a second person."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.clientchanges import ClientChange, loosening
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.secondperson import ChangeState, require_settler, settle
from paktaleem.foundation.audit.by import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.jobs.enqueue import enqueue_job

__all__ = ["RECOMPUTE_AGES", "change_client", "settle_client_change"]

RECOMPUTE_AGES = "subjects.recompute_ages"
"""The task of the room above that computes anew who is of age; known here by its name only."""


@transaction.atomic
def change_client(client: Client, *, actor: Actor, reason: Reason | str, at: datetime) -> Client:
    """Create or change a client; changed thresholds or time zone have the worker compute its people's ages anew.

    What would let people decide for themselves earlier (minors served no longer, a lower age) has no effect yet: it
    waits as a ``ClientChange``, and ``client`` is given back without it. Raises ValidationError naming the field,
    NotAllowed.
    """
    require(actor, Capability.MANAGE_CLIENTS, client.id)
    if client._state.adding:
        client.created_at = at
        client.full_clean()
        return _write(client, None, actor, reason, at)
    before = Client.objects.select_for_update().filter(id=client.id).first()
    if before and before.is_sandbox != client.is_sandbox:
        raise ValidationError({"is_sandbox": ["A client is a sandbox from its registration on, or never."]})
    client.full_clean()
    if before and (held := loosening(before, client)):
        _let_wait(client, held, actor, at)
        for name in held:
            setattr(client, name, getattr(before, name))
    return _write(client, before, actor, reason, at)


def _write(client: Client, before: Client | None, actor: Actor, reason: Reason | str, at: datetime) -> Client:
    try:
        with transaction.atomic():
            save_tracked(client, actor=actor, reason=reason, at=at)
    except IntegrityError as error:  # the wall hides other clients' rows from full_clean
        if "accounts_client_code" not in str(error):
            raise
        raise ValidationError({"code": ["Another client has this code."]}) from error
    facts = {
        "code": client.code,
        "country": client.country,
        "time_zone": client.time_zone,
        "serves_minors": client.serves_minors,
        "age_threshold": client.age_threshold,
        "country_thresholds": dict(sorted(client.country_thresholds.items())),
    }
    kind = "client.changed" if before else "client.registered"
    record_entry(kind, client_id=client.id, facts=facts, actor=actor, at=at)
    if before and (before.thresholds, before.time_zone) != (client.thresholds, client.time_zone):
        enqueue_job(RECOMPUTE_AGES, lock=f"{RECOMPUTE_AGES}/{client.id}", client=str(client.id))
    return client


def _let_wait(client: Client, changes: dict[str, Any], actor: Actor, at: datetime) -> None:
    """Propose what loosens, once: the same again goes on waiting, another takes its place."""
    waiting = ClientChange.objects.select_for_update().filter(client=client, state=ChangeState.WAITING).first()
    if waiting is not None and waiting.changes == changes:
        return
    if waiting is not None:
        waiting.state, waiting.settled_by, waiting.settled_at = ChangeState.REPLACED, actor.id, at
        waiting.save(update_fields=["state", "settled_by", "settled_at"])
    change = ClientChange(
        client=client, changes=changes, requested_kind=actor.kind.value, requested_by=actor.id, requested_at=at
    )
    change.save(force_insert=True)
    _record("client.change_waiting", change, actor, at)


@transaction.atomic
def settle_client_change(
    change: ClientChange, *, approve: bool, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> ClientChange:
    """Approve a waiting change, which takes effect now, or decline it; who asked for it may only decline.

    Raises SamePerson, ChangeSettled, ValidationError, NotAllowed.
    """
    require_settler(actor, change.client_id)
    client = Client.objects.select_for_update().get(pk=change.client_id)
    change = settle(change, approve=approve, actor=actor, at=at)
    change.save(update_fields=["state", "settled_by", "settled_at"])
    _record("client.change_settled", change, actor, at)
    if approve:
        before = Client.objects.get(pk=client.pk)
        for name, value in change.changes.items():
            setattr(client, name, value)
        client.full_clean()
        _write(client, before, actor, reason, at)
    return change


def _record(kind: str, change: ClientChange, actor: Actor, at: datetime) -> None:
    facts = {"change": str(change.pk), "state": str(change.state), "changes": change.changes}
    record_entry(kind, client_id=change.client_id, facts=facts, actor=actor, at=at)

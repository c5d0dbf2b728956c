"""Changes that one person proposes and a second one approves: one table for all kinds.

An app declares its kinds (``change_kinds``): what a kind is called, who decides it, and what the approval does. The row
that changes, its new values and the ground are stored until then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Q, QuerySet
from django.utils.functional import Promise

from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.due import Due, due_by_second_person
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import (
    ChangeState,
    RequestedChange,
    decide_change,
    request_change,
    require_approver,
    second_person_constraints,
)
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.models import TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.rows import MigratesAs
from paktaleem.foundation.tenancy.tables import EDIT, TablePolicy, classify

_MOMENTS = ("starts_at", "ends_at")


class _KindField(MigratesAs, models.CharField):  # type: ignore[type-arg]  # not generic at run time
    """The code of a kind of change. Apps declare the kinds, so migrations do not list them."""

    migrates_as = "django.db.models.CharField"

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("choices", None)
        return name, path, args, kwargs


class ProposedChange(RequestedChange):
    """One change of a row that needs a second person; no effect until that person approves it.

    ``row`` is the id of the row, also of one that is only added on approval; ``table`` names its model, ``values`` are
    its columns, ``purpose`` is the code of its purpose (empty: all, or none). ``xact`` is the transaction that applied
    it: the database accepts a weaker row of the register only in the transaction that approved it.
    """

    wall = TablePolicy(EDIT, personal=classify(none="kind purpose table values ground requested_kind"))

    kind = _KindField(max_length=16, choices=lambda: [(kind.code, kind.label) for kind in change_kinds])
    purpose = models.CharField(max_length=63, blank=True)
    table = models.CharField(max_length=64)
    row = models.UUIDField()
    values = models.JSONField()
    xact = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "change by two people"
        verbose_name_plural = "changes by two people"
        ordering = ["-requested_at", "-id"]
        constraints = [
            unique_in_client("proposedchange_one_waiting", "row", where=Q(state=ChangeState.WAITING)),
            models.CheckConstraint(condition=~Q(ground=""), name="proposedchange_has_a_ground"),
            *second_person_constraints("proposedchange"),
        ]
        indexes = [
            *newest_first("requested_at", "proposedchange_by_time"),
            *newest_first("requested_at", "proposedchange_by_state", by="state"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_state_display()}"

    @staticmethod
    def due() -> tuple[Due, ...]:
        return tuple(due_by_second_person(kind.label, kind.capability, kind=kind.code) for kind in change_kinds)


class Effect(Protocol):
    """The effect of a decision. Raises the reason why the change is not possible any more."""

    def __call__(self, change: ProposedChange, /, *, actor: Actor, reason: Reason | str, at: datetime) -> object: ...


def list_facts(change: ProposedChange) -> dict[str, object]:
    """Return the facts of a change for the ledger, without texts that might name someone."""
    return {
        "change": str(change.pk),
        "kind": change.kind,
        "purpose": change.purpose,
        "state": str(change.state),
        "row": change.table,
        "id": str(change.row),
        "values": {name: value for name, value in change.values.items() if name not in get_kind(change.kind).texts},
    }


@dataclass(frozen=True, kw_only=True)
class ChangeKind:
    """One kind of change: its name, what it changes in a sentence, who decides it, and what a decision does.

    ``capability`` is that of the people who decide; ``may_approve`` says whether the actor's side may approve, if that
    depends on the row. ``requested`` and ``settled`` are the acts in the ledger, ``facts`` their facts. ``texts`` are
    columns that are left out of the facts, ``columns`` those that are shown with their values before and after;
    ``initial`` returns the row that is in force as long as none is stored.
    """

    code: str
    label: Promise
    effect: Promise
    apply: Effect
    decline: Effect | None = None
    capability: Capability = Capability.APPROVE_CHANGES
    may_approve: Callable[[ProposedChange, Actor], bool] = lambda _change, _actor: True
    requested: str = "safeguard.change_waiting"
    settled: str = "safeguard.change_settled"
    facts: Callable[[ProposedChange], dict[str, object]] = list_facts
    texts: frozenset[str] = frozenset()
    columns: tuple[str, ...] = ()
    initial: Callable[[Any], models.Model | None] = lambda _row: None


change_kinds: ExtensionPoint[ChangeKind] = ExtensionPoint(
    "accounts.change_kinds", "Declares a kind of change that a second person must approve."
)


def get_kind(code: str) -> ChangeKind:
    return next(kind for kind in change_kinds if kind.code == code)


def propose_change(
    row: TenantRow | Client,
    kind: str,
    *,
    purpose: str = "",
    values: Mapping[str, object] | None = None,
    ground: str,
    actor: Actor,
    at: datetime,
) -> ProposedChange:
    """Store a change that waits for a second person; it replaces one of the same row that is still waiting.

    Follows decision 0053. Raises GroundNeeded, NotAllowed unless a signed-in person requests it.
    """
    require(actor, Capability.DECIDE_FOR_CLIENT, row.client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in person may request a change that needs a second person.")
    table = row._meta.label_lower
    change = ProposedChange(
        client_id=row.client_id, kind=kind, purpose=purpose, table=table, row=row.pk, values=dict(values or {})
    )
    request_change(change, ground=ground, actor=actor, at=at)
    change.clean_fields(exclude={"values", "settled_by", "settled_at", "xact"})
    for earlier in find_waiting(row).select_for_update():
        earlier.state, earlier.settled_by, earlier.settled_at = ChangeState.REPLACED, actor.id, at
        earlier.save(update_fields=["state", "settled_by", "settled_at"])
    change.save(force_insert=True)
    declared = get_kind(change.kind)
    record_entry(declared.requested, client_id=row.client_id, facts=declared.facts(change), actor=actor, at=at)
    return change


def find_waiting(row: TenantRow | Client) -> QuerySet[ProposedChange]:
    """Return the change of a row that waits for a second person, if there is one."""
    return ProposedChange.objects.filter(client_id=row.client_id, row=row.pk, state=ChangeState.WAITING)


@transaction.atomic
def decide_proposed_change(
    change: ProposedChange, *, approve: bool, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> ProposedChange:
    """Approve a change, which then takes effect, or decline it (decision 0053).

    What should have started before the approval starts with it. Raises ApproverIsRequester, ApproverNotIndependent,
    ChangeAlreadyDecided, ValidationError, NotAllowed (see ``may_approve``), and what the effect of its kind raises.
    """
    kind = get_kind(change.kind)
    require_approver(actor, change.client_id, kind.capability)
    rows = apps.get_model(change.table)._default_manager.select_for_update()
    rows.filter(pk=change.row).first()  # locked before the change, as a request does
    change = decide_change(change, approve=approve, actor=actor, at=at)
    if approve and not may_approve(change, actor):
        raise NotAllowed("This change must be approved by PakTaleem, or by the client if PakTaleem requested it.")
    change.xact = get_transaction_id() if approve else None
    change.save(update_fields=["state", "settled_by", "settled_at", "xact"])
    record_entry(kind.settled, client_id=change.client_id, facts=kind.facts(change), actor=actor, at=at)
    effect = kind.apply if approve else kind.decline
    if effect:
        effect(change, actor=actor, reason=reason, at=at)
    return change


def may_approve(change: ProposedChange, actor: Actor) -> bool:
    kind = get_kind(change.kind)
    return actor.may(kind.capability, change.client_id) and kind.may_approve(change, actor)


def get_transaction_id() -> int:
    """Return the id of the current transaction, by which triggers know that it recorded a change as they require."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])


def build_changed_row(change: ProposedChange, at: datetime | None = None) -> Any:
    """Return the row of a change with its new values, unsaved; nothing starts or ends before ``at``."""
    model: Any = apps.get_model(change.table)
    row = model.objects.filter(pk=change.row).first() or model(pk=change.row, client_id=change.client_id)
    for name, value in change.values.items():
        setattr(row, name, model._meta.get_field(name).to_python(value))
    for name in set(_MOMENTS) & set(change.values) if at else ():
        moment = getattr(row, name)
        setattr(row, name, moment and max(moment, at))
    return row

"""Changes that weaken a safeguard: requested with a ground in words, and applied once a second person approves."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from consent.register.compiled import PURPOSE_WORDS
from consent.register.effects import find_weakening
from consent.register.models.purposes import BalancingTest, Purpose, RegisterRow, SafeguardChange, SafeguardKind
from consent.register.services.register import (
    check_register_row,
    get_transaction_id,
    prepare_row,
    save_register_row,
    stored_row,
)
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.acts import Refused, act, lock_row
from paktaleem.foundation.accounts.models import Membership
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change, require_approver
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.rows import PAKTALEEM

_WEAKENS_NONE = gettext_noop("This change weakens no safeguard: save it as any other change.")
_NO_GROUND = gettext_noop("Give the ground in words.")
_NONE_TO_ADD = gettext_noop("Choose data categories that the purpose does not need yet.")
_TEXTS = {"legal_reference", *PURPOSE_WORDS}
_MOMENTS = ("starts_at", "ends_at")
weaker_rows: ExtensionPoint[Callable[..., bool]] = ExtensionPoint(
    "consent.weaker_rows", "Applies an approved change that weakens a safeguard if it is of a row above the register."
)


@transaction.atomic
def request_safeguard_change(
    row: RegisterRow, *, kind: SafeguardKind | None = None, ground: str, actor: Actor, at: datetime
) -> SafeguardChange:
    """Request a change that weakens a safeguard (decision 0053); it replaces a waiting one of the same row.

    ``row`` is the changed or new row, unsaved; ``kind`` is given for a row of an app above the register. ``ground``
    says in words why the change is lawful. Raises ValidationError naming the field, NotAllowed.
    """
    prepare_row(row, actor)
    before = stored_row(row)
    check_register_row(row, before, at=at)
    kind = kind or find_weakening(row, before, at=at)
    if kind is None:
        raise ValidationError(_WEAKENS_NONE)
    of = row if isinstance(row, Purpose) else getattr(row, "purpose", None)  # a recipient may have several
    about: dict[str, Any] = {"purpose": of.code if of else "", "values": list_changed_values(row, before)}
    return store_safeguard_change(row, kind, **about, ground=ground, actor=actor, at=at)


def store_safeguard_change(
    row: RegisterRow,
    kind: SafeguardKind,
    *,
    purpose: str,
    values: Mapping[str, Any],
    ground: str,
    actor: Actor,
    at: datetime,
) -> SafeguardChange:
    """Store a change that waits for a second person; it replaces one of the same row that is still waiting.

    Follows decision 0053. Raises ValidationError without a ground, NotAllowed unless a signed-in person requests it.
    """
    require(actor, Capability.WEAKEN_SAFEGUARDS, row.client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in person may request a weaker safeguard.")
    if not ground.strip():
        raise ValidationError({"ground": [_NO_GROUND]})
    _replace_waiting(row, actor, at)
    change = SafeguardChange(
        client_id=row.client_id,
        kind=kind,
        purpose=purpose,
        table=row._meta.label_lower,
        row=row.pk,
        values=dict(values),
        ground=ground.strip(),
        requested_kind=actor.kind.value,
        requested_by=actor.id,
        requested_at=at,
    )
    change.clean_fields(exclude={"values", "settled_by", "settled_at", "xact"})
    change.save(force_insert=True)
    _record(change, "safeguard.change_waiting", actor, at)
    return change


def _replace_waiting(row: RegisterRow, actor: Actor, at: datetime) -> None:
    waiting = SafeguardChange.objects.select_for_update().filter(
        client_id=row.client_id, row=row.pk, state=ChangeState.WAITING
    )
    for earlier in waiting:
        earlier.state, earlier.settled_by, earlier.settled_at = ChangeState.REPLACED, actor.id, at
        earlier.save(update_fields=["state", "settled_by", "settled_at"])


@transaction.atomic
def decide_safeguard_change(
    change: SafeguardChange, *, approve: bool, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> SafeguardChange:
    """Approve a change that weakens a safeguard, which then takes effect, or decline it (decision 0053).

    What should have started before the approval starts with it. Raises ApproverIsRequester, ChangeAlreadyDecided,
    ValidationError, NotAllowed (see ``may_approve``).
    """
    require_approver(actor, change.client_id)
    before = _lock_row(change)
    change = decide_change(change, approve=approve, actor=actor, at=at)
    if approve and not may_approve(change, actor):
        raise NotAllowed("This change must be approved by PakTaleem, or by the client if PakTaleem requested it.")
    change.xact = get_transaction_id() if approve else None
    change.save(update_fields=["state", "settled_by", "settled_at", "xact"])
    _record(change, "safeguard.change_settled", actor, at)
    if approve and not any(apply(change, actor=actor, reason=reason, at=at) for apply in weaker_rows):
        row = build_changed_row(change, at)
        check_register_row(row, before, at=at)
        save_register_row(row, actor=actor, reason=reason, at=at)
    return change


def may_approve(change: SafeguardChange, actor: Actor) -> bool:
    """Return True if the actor's side may approve a change.

    Officers approve a recipient, also a client's own, and the end of a quarantine or a suspension. A basis other than
    consent at a client is an instruction that the client gives and an officer accepts, whichever of them requests it
    (GDPR Art. 28(3)(a)).
    """
    is_officer = actor.may(Capability.MANAGE_AGREEMENTS, change.client_id)
    if change.kind in {SafeguardKind.RECIPIENT, SafeguardKind.QUARANTINE, SafeguardKind.SUSPENSION}:
        return is_officer
    if change.kind == SafeguardKind.BASIS and change.client_id != PAKTALEEM:
        members = Membership.objects.filter(client_id=change.client_id, user_id=change.requested_by)
        return is_officer == members.exists()
    return actor.may(Capability.APPROVE_CHILD_CHANGES, change.client_id)


def _lock_row(change: SafeguardChange) -> Any:
    """Lock and return the row of a change before the change itself, as a request does; None for a new one."""
    rows = apps.get_model(change.table)._default_manager.select_for_update().order_by("pk")
    return rows.filter(pk=change.row, client_id=change.client_id).first()


def build_changed_row(change: SafeguardChange, at: datetime) -> RegisterRow:
    """Return the row of a change with its new values, unsaved; nothing starts or ends before ``at``."""
    model: Any = apps.get_model(change.table)
    row: RegisterRow = model.objects.filter(pk=change.row).first() or model(pk=change.row, client_id=change.client_id)
    for name, value in change.values.items():
        setattr(row, name, model._meta.get_field(name).to_python(value))
    for name in set(_MOMENTS) & set(change.values):
        moment = getattr(row, name)
        setattr(row, name, moment and max(moment, at))
    return row


def list_changed_values(row: RegisterRow, before: RegisterRow | None) -> dict[str, object]:
    """Return the values of the columns of a row that differ from the stored ones, as JSON; all of a new row."""
    names = [field.attname for field in row._meta.concrete_fields if field.attname not in {"id", "client_id"}]
    changed = [name for name in names if before is None or getattr(row, name) != getattr(before, name)]
    return {name: _to_json(getattr(row, name)) for name in changed}


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int, list)) else str(value)


def _record(change: SafeguardChange, kind: str, actor: Actor, at: datetime) -> None:
    facts = {
        "change": str(change.pk),
        "kind": str(change.kind),
        "purpose": change.purpose,
        "state": str(change.state),
        "row": change.table,
        "id": str(change.row),
        "values": {name: value for name, value in change.values.items() if name not in _TEXTS},
    }
    record_entry(kind, client_id=change.client_id, facts=facts, actor=actor, at=at)


def _check_unsigned(test: BalancingTest, _actor: Actor, _at: datetime) -> None:
    if test.signed_at is not None:
        raise Refused(gettext("It is already signed."))


@act(
    "sign",
    "Sign",
    Capability.SIGN_BALANCING_TEST,
    lead="Once you sign, the purpose may be based on legitimate interest. The text can then no longer change.",
    done="Signed. In effect from the next decision.",
    lock=lock_row,
    check=_check_unsigned,
)
def sign_balancing_test(
    test: BalancingTest, *, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> BalancingTest:
    """Sign a balancing test as a privacy officer (GDPR Art. 6(1)(f), recital 47); a new assessment is a new row.

    Raises Refused if it is signed, NotAllowed.
    """
    test.signed_at = at
    test.signed_by_id = actor.id if actor.kind is ByKind.USER else None
    save_tracked(test, actor=actor, reason=reason, at=at)
    record_entry("balancing.signed", client_id=test.client_id, facts={"test": str(test.pk)}, actor=actor, at=at)
    return test


@act(
    "widen",
    "Add data categories",
    Capability.ANNOUNCE_NOTICES,
    lead="Earlier consents do not cover the added data: they are outdated from now on, and everyone is asked again. "
    "Announce a version of the purpose's notice that names the added data, too.",
    done="Data categories added. Earlier consents to this purpose are outdated.",
    danger=True,
    lock=lock_row,
)
def widen_purpose(
    purpose: Purpose, *, categories: Iterable[str], actor: Actor, reason: Reason | str, at: datetime
) -> Purpose:
    """Add data categories to a purpose, from now on; earlier consents to it are outdated and must be given again.

    Consent is for specific data and purposes (GDPR Art. 4(11); decision 0052). Raises ValidationError if no category is
    new, NotAllowed.
    """
    added = sorted(set(categories) - set(purpose.categories))
    if not added:
        raise ValidationError({"categories": [_NONE_TO_ADD]})
    purpose.categories = [*purpose.categories, *added]
    purpose.full_clean()
    return save_register_row(purpose, actor=actor, reason=reason, at=at)

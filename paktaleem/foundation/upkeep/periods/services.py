"""Changing a period by two people, and recording what a run disposed of."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from paktaleem.foundation.upkeep.periods.kinds import Bounds, get_kind
from paktaleem.foundation.upkeep.periods.models import PeriodChange, PortalPeriod
from paktaleem.foundation.upkeep.periods.selectors import get_length

_RECORD_RUN = """
INSERT INTO upkeep_disposalrun AS run (id, client_id, kind, ran_at, rows, rows_ever, last_rows_at)
SELECT %(id)s, client.id, %(kind)s, %(at)s, %(rows)s, %(rows)s, CASE WHEN %(rows)s > 0 THEN %(at)s::timestamptz END
FROM accounts_client client WHERE client.id = %(client)s
ON CONFLICT (client_id, kind) DO UPDATE SET
    ran_at = excluded.ran_at,
    rows = excluded.rows,
    rows_ever = run.rows_ever + excluded.rows,
    last_rows_at = coalesce(excluded.last_rows_at, run.last_rows_at)
"""


@transaction.atomic
def request_period_change(kind: str, *, length: int, ground: str, actor: Actor, at: datetime) -> PeriodChange:
    """Request another period for a kind, in PakTaleem's context; a different pending request is replaced.

    ``length`` is in the unit of the kind. A shorter period deletes data that cannot be restored, a longer one keeps
    data for longer than was published: both take a ground in words and a second person (decision 0076).
    Raises Refused if the kind has no period, ValidationError naming ``length`` or ``ground``, NotAllowed, KeyError for
    an unknown kind.
    """
    require(actor, Capability.MANAGE_PERIODS, PAKTALEEM)
    bounds = _get_bounds(kind)
    _lock()
    previous = get_length(kind)
    _check(length, ground, bounds, previous)
    waiting = PeriodChange.objects.filter(client_id=PAKTALEEM, kind=kind, state=ChangeState.WAITING).first()
    if waiting is not None:
        waiting.state, waiting.settled_by, waiting.settled_at = ChangeState.REPLACED, actor.id, at
        waiting.save(update_fields=["state", "settled_by", "settled_at"])
    change = PeriodChange(
        client_id=PAKTALEEM,
        kind=kind,
        length=length,
        previous=previous,
        ground=ground.strip(),
        requested_kind=actor.kind.value,
        requested_by=actor.id,
        requested_at=at,
    )
    change.save(force_insert=True)
    _record("period.change_requested", change, actor, at)
    return change


@transaction.atomic
def decide_period_change(
    change: PeriodChange, *, approve: bool, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> PeriodChange:
    """Approve a requested period, which applies from the next run of the task on, or decline it (decision 0076).

    Raises ApproverIsRequester, ApproverNotIndependent, ChangeAlreadyDecided, Refused if the kind has no period any
    more, ValidationError if it is outside today's bounds, NotAllowed.
    """
    require(actor, Capability.MANAGE_PERIODS, PAKTALEEM)
    _lock()
    change = decide_change(change, approve=approve, actor=actor, at=at)
    change.save(update_fields=["state", "settled_by", "settled_at"])
    _record("period.change_settled", change, actor, at)
    if approve:
        _require_inside(change.length, _get_bounds(change.kind))
        row = PortalPeriod.objects.filter(client_id=PAKTALEEM, kind=change.kind).first()
        row = row or PortalPeriod(client_id=PAKTALEEM, kind=change.kind)
        row.length, row.changed_at = change.length, at
        save_tracked(row, actor=actor, reason=reason, at=at)
    return change


def record_run(kind: str, *, rows: int, at: datetime) -> None:
    """Record that the disposal of a kind ran, and how many rows it disposed of; in PakTaleem's context (decision 0076).

    Records nothing before PakTaleem's own client is added: the worker of a new portal may start first.
    Raises KeyError for an unknown kind.
    """
    values: dict[str, Any] = {"id": new_id(), "client": PAKTALEEM, "kind": get_kind(kind).code, "rows": rows, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_RUN, values)


def _lock() -> None:
    """Lock PakTaleem's row, so that two changes of a period come one after the other."""
    Client.objects.select_for_update().get(pk=PAKTALEEM)


def _get_bounds(kind: str) -> Bounds:
    bounds = get_kind(kind).bounds
    if bounds is None:
        raise Refused(_("This kind of data has no period of its own, so there is nothing to change."))
    return bounds


def _check(length: int, ground: str, bounds: Bounds, previous: int) -> None:
    if not ground.strip():
        raise ValidationError({"ground": [_("Say why, in a sentence.")]})
    _require_inside(length, bounds)
    if length == previous:
        raise ValidationError({"length": [_("This is the period already.")]})


def _require_inside(length: int, bounds: Bounds) -> None:
    if not bounds.minimum <= length <= bounds.maximum:
        allowed = _("Write a number from {minimum} to {maximum}.")
        raise ValidationError({"length": [allowed.format(minimum=bounds.minimum, maximum=bounds.maximum)]})


def _record(kind: str, change: PeriodChange, actor: Actor, at: datetime) -> None:
    facts = {
        "change": str(change.pk),
        "kind": change.kind,
        "state": str(change.state),
        "length": change.length,
        "previous": change.previous,
    }
    record_entry(kind, client_id=PAKTALEEM, facts=facts, actor=actor, at=at)

"""Periods of the portal's own data: their change by two people, what runs disposed of, and the doctor's check."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid5

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import ChangeKind, ProposedChange, build_changed_row, propose_change
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.diagnosis import Line, fine, name_some, to_watch
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, SqlValues, new_id
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, describe_length, get_kind, list_kinds
from paktaleem.foundation.upkeep.periods.models import DisposalRun, PortalPeriod

MOST_COUNTED = 10_000
"""Rows that are due are counted up to this number, so that the page stays fast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindLine:
    """One line of the table of periods; ``length`` is None without a period, ``due`` if it cannot be counted."""

    kind: DataKind
    length: int | None
    run: DisposalRun | None = None
    due: int | None = None

    @property
    def has_more_due(self) -> bool:
        return self.due is not None and self.due > MOST_COUNTED


def get_length(code: str) -> int:
    """Return the length of a kind's period in its unit: PakTaleem's own value, or the default.

    Runs in a client's or the officers' context. Raises KeyError for an unknown kind, ValueError for one without bounds.
    """
    kind = get_kind(code)
    if kind.bounds is None:
        raise ValueError(f"The kind {code} has no period of its own.")
    own = PortalPeriod.objects.filter(client_id=PAKTALEEM, kind=code).values_list("length", flat=True).first()
    return kind.bounds.default if own is None else own


def get_period(code: str) -> timedelta:
    """Return a kind's period in force. Raises as ``get_length``."""
    bounds, number = get_kind(code).bounds, get_length(code)
    return bounds.length(number) if bounds else timedelta()


def get_cutoff(code: str, *, at: datetime) -> datetime:
    """Return the time up to which data of a kind is due at ``at``. Raises as ``get_length``."""
    return at - get_period(code)


def list_published_periods() -> list[KindLine]:
    """List every kind with its period in force; published, so it takes no actor. One query."""
    own = dict(PortalPeriod.objects.filter(client_id=PAKTALEEM).values_list("kind", "length"))
    return [
        KindLine(kind=kind, length=own.get(kind.code, kind.bounds.default) if kind.bounds else None)
        for kind in list_kinds()
    ]


def list_kind_lines(actor: Actor, *, at: datetime) -> list[KindLine]:
    """List every kind with its period, its last run and what is due, in the officers' context. Raises NotAllowed."""
    require(actor, Capability.VIEW_SECURITY)
    runs = {run.kind: run for run in DisposalRun.objects.filter(client_id=PAKTALEEM)}
    return [
        KindLine(
            kind=kind,
            length=line.length,
            run=runs.get(kind.code),
            due=kind.due(at).order_by()[: MOST_COUNTED + 1].count() if kind.due and kind.is_quick else None,
        )
        for line in list_published_periods()
        for kind in [line.kind]
    ]


LATEST = timedelta(days=1)
"""Every disposal runs at least once a day."""


def check_disposals() -> Iterator[Line]:
    """Yield the kinds of data whose disposal has not run for a day; a portal less than a day old runs each by then."""
    since = wall_clock_now() - LATEST
    with in_client(PAKTALEEM):
        portal = Client.objects.filter(pk=PAKTALEEM).first()
        ran_at = dict(DisposalRun.objects.filter(client_id=PAKTALEEM).values_list("kind", "ran_at"))
    kinds = [kind.code for kind in list_kinds() if kind.is_counted]
    began_at = wall_clock_now() if portal is None else portal.created_at  # None: the portal is not set up yet
    late = sorted(kind for kind in kinds if ran_at.get(kind, began_at) <= since)
    coming = sum(kind not in ran_at for kind in kinds)
    if late:
        seen = f"{len(late)} have not run for a day: {name_some(late)}"
        yield to_watch("disposals", seen, "Look at the worker.")
    elif coming:
        yield fine("disposals", f"none is late; the portal is new, and {coming} run within its first day")
    else:
        yield fine("disposals", "all ran within a day")


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
def request_period_change(kind: str, *, length: int, ground: str, actor: Actor, at: datetime) -> ProposedChange:
    """Request another period for a kind, in PakTaleem's context; a different pending request is replaced.

    ``length`` is in the unit of the kind. A shorter period deletes data that cannot be restored, a longer one keeps
    data for longer than was published: both take a ground in words and a second person (decision 0076).
    Raises Refused if the kind has no period, ValidationError naming ``length`` or ``ground``, NotAllowed, KeyError for
    an unknown kind.
    """
    require(actor, Capability.SUPERVISE, PAKTALEEM)
    bounds = _get_bounds(kind)
    Client.objects.select_for_update().get(pk=PAKTALEEM)  # two requests for one kind come one after the other
    _require_inside(length, bounds)
    if length == get_length(kind):
        raise ValidationError({"length": [gettext("This is the period already.")]})
    row = PortalPeriod.objects.filter(client_id=PAKTALEEM, kind=kind).first()
    row = row or PortalPeriod(id=uuid5(PAKTALEEM, kind), client_id=PAKTALEEM, kind=kind)
    values = {"kind": kind, "length": length}
    return propose_change(row, PERIOD.code, values=values, ground=ground, actor=actor, at=at)


def _apply(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    row: PortalPeriod = build_changed_row(change)
    _require_inside(row.length, _get_bounds(row.kind))
    row.changed_at = at
    save_tracked(row, actor=actor, reason=reason, at=at)


def _facts_of(change: ProposedChange) -> dict[str, object]:
    previous = get_length(change.values["kind"])
    return {"change": str(change.pk), "state": str(change.state), **change.values, "previous": previous}


PERIOD = ChangeKind(
    code="period",
    label=_("A period of the portal’s own data"),
    effect=_("The period applies from the next run on. What is due then is deleted and cannot be restored."),
    capability=Capability.SUPERVISE,
    columns=("length",),
    initial=lambda row: PortalPeriod(kind=row.kind, length=_get_bounds(row.kind).default),
    apply=_apply,
    requested="period.change_requested",
    settled="period.change_settled",
    facts=_facts_of,
)


def record_run(kind: str, *, rows: int, at: datetime) -> None:
    """Record a run of the disposal of a kind, in PakTaleem's context (decision 0076). Raises KeyError.

    Records nothing before PakTaleem's own client is added: the worker of a new portal may start first.
    """
    values: SqlValues = {"id": new_id(), "client": PAKTALEEM, "kind": get_kind(kind).code, "rows": rows, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_RUN, values)


def _get_bounds(kind: str) -> Bounds:
    bounds = get_kind(kind).bounds
    if bounds is None:
        raise Refused(gettext("This kind of data has no period of its own, so there is nothing to change."))
    return bounds


def _require_inside(length: int, bounds: Bounds) -> None:
    if not bounds.minimum <= length <= bounds.maximum:
        allowed = gettext("Write a number from {minimum} to {maximum}.")
        raise ValidationError({"length": [allowed.format(minimum=bounds.minimum, maximum=bounds.maximum)]})


def describe_period(line: KindLine) -> str:
    """Return a kind's period in force in words; empty if it has none of its own."""
    if line.kind.bounds is None or line.length is None:
        return ""
    return describe_length(line.length, line.kind.bounds.unit)


def describe_bounds(bounds: Bounds | None) -> str:
    """Return the minimum and maximum of a period in words; empty if there is none."""
    if bounds is None:
        return ""
    words = gettext("{minimum} to {maximum}")
    return words.format(minimum=f"{bounds.minimum:,}", maximum=describe_length(bounds.maximum, bounds.unit))

"""Periods in force, cut-offs, and the table of all kinds."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.kinds import DataKind, get_kind, list_kinds
from paktaleem.foundation.upkeep.periods.models import DisposalRun, PortalPeriod

MOST_COUNTED = 10_000
"""Rows that are due are counted up to this number, so that the page stays fast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindLine:
    """One line of the table of periods: a kind, its length in its unit, its last run and what is due.

    ``length`` is None if the kind has no period of its own, ``due`` if it cannot be counted.
    """

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
    kind = get_kind(code)
    number = get_length(code)
    return kind.bounds.length(number) if kind.bounds else timedelta()


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
    """List every kind with its period, its last run and how much is due, in the officers' context. Raises NotAllowed.

    Runs up to two queries for each kind, whatever the number of rows.
    """
    require(actor, Capability.VIEW_PERIODS)
    runs = {run.kind: run for run in DisposalRun.objects.filter(client_id=PAKTALEEM)}
    return [
        KindLine(kind=line.kind, length=line.length, run=runs.get(line.kind.code), due=_count_due(line.kind, at))
        for line in list_published_periods()
    ]


def _count_due(kind: DataKind, at: datetime) -> int | None:
    return None if kind.due is None or not kind.is_quick else kind.due(at).order_by()[: MOST_COUNTED + 1].count()

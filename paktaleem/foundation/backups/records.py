"""Evidence of verified backups and of drills."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_own_entry
from paktaleem.foundation.backups.drills import Step
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM

_MADE, _PASSED, _FAILED = "backup.made", "backup.drill_passed", "backup.drill_failed"


def record_backup(counts: Mapping[str, int], *, at: datetime) -> None:
    """Record a verified backup with its numbers of rows and tables in PakTaleem's ledger (policy §5)."""
    facts = {"tables": len(counts), "rows": sum(counts.values())}
    record_own_entry(_MADE, facts=facts, actor=system_actor("backup"), at=at)


def find_last_backup() -> datetime | None:
    """Return when the last verified backup was made, by PakTaleem's ledger; None if there is none."""
    return _find_last(_MADE)


def record_drill(steps: Sequence[Step], *, at: datetime) -> None:
    """Record a drill and the milliseconds of each step in PakTaleem's ledger; it passed if its last step did."""
    milliseconds = {step.name: round(step.seconds * 1000) for step in steps}
    facts = {"milliseconds": milliseconds, "last_step": steps[-1].name}
    kind = _PASSED if steps[-1].passed else _FAILED
    record_own_entry(kind, facts=facts, actor=system_actor("drill"), at=at)


def find_last_drill() -> datetime | None:
    """Return when a drill last passed, by PakTaleem's ledger; None if none has."""
    return _find_last(_PASSED)


def _find_last(kind: str) -> datetime | None:
    with in_client(PAKTALEEM):
        entries = Entry.objects.filter(client_id=PAKTALEEM, kind=kind).order_by("-recorded_at")
        return entries.values_list("recorded_at", flat=True).first()

"""Evidence that a verified backup was made."""

from collections.abc import Mapping
from datetime import datetime

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_own_entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM

__all__ = ["find_last_backup", "record_backup"]

_MADE = "backup.made"


def record_backup(counts: Mapping[str, int], *, at: datetime) -> None:
    """Record a verified backup with its numbers of rows and tables in PakTaleem's ledger (policy §5)."""
    facts = {"tables": len(counts), "rows": sum(counts.values())}
    record_own_entry(_MADE, facts=facts, actor=system_actor("backup"), at=at)


def find_last_backup() -> datetime | None:
    """Return when the last verified backup was made, by PakTaleem's ledger; None if there is none."""
    with in_client(PAKTALEEM):
        made = Entry.objects.filter(client_id=PAKTALEEM, kind=_MADE).order_by("-recorded_at")
        return made.values_list("recorded_at", flat=True).first()

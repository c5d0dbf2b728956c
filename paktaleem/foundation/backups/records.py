"""Evidence that a verified backup was made."""

from collections.abc import Mapping
from datetime import datetime

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.services import record_own_entry

__all__ = ["FAMILY", "record_backup"]

FAMILY = "backup"
_MADE = "backup.made"


def record_backup(counts: Mapping[str, int], *, at: datetime) -> None:
    """Record a verified backup with its numbers of rows and tables in PakTaleem's ledger (policy §5)."""
    facts = {"tables": len(counts), "rows": sum(counts.values())}
    record_own_entry(_MADE, facts=facts, actor=system_actor("backup"), at=at)

"""What every row about a child shares: its client, who wrote it."""

from typing import Any

from django.db import models

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.by import By, ByKind
from paktaleem.foundation.audit.history import Tracked
from paktaleem.foundation.tenancy.ids import new_id

__all__ = ["ChildRow", "Said", "by_columns"]


class ChildRow(Tracked):
    """A row that changes: every version is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        abstract = True


class Said(models.Model):
    """A row that is written once, and by whom."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    actor_kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ByKind], editable=False)
    actor_id = models.UUIDField(editable=False)
    actor_role = models.CharField(max_length=32, editable=False)

    class Meta:
        abstract = True


def by_columns(actor: By) -> dict[str, Any]:
    """Give the columns that name who wrote a row."""
    return {"actor_kind": actor.kind.value, "actor_id": actor.id, "actor_role": actor.role}

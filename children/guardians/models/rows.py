"""Abstract base models of rows about children."""

from typing import Any

from django.db import models

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import By, ByKind
from paktaleem.foundation.audit.history import Tracked
from paktaleem.foundation.tenancy.ids import new_id


class ChildRow(Tracked):
    """A row that may change; its history keeps every version."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        abstract = True


class AuthoredRow(models.Model):
    """A row that is written once, with the actor who wrote it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    actor_kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ByKind], editable=False)
    actor_id = models.UUIDField(editable=False)
    actor_role = models.CharField(max_length=32, editable=False)

    class Meta:
        abstract = True


def actor_fields(actor: By) -> dict[str, Any]:
    """Return the columns that identify the actor who wrote a row."""
    return {"actor_kind": actor.kind.value, "actor_id": actor.id, "actor_role": actor.role}

"""Requests that were handed over from one client to another."""

from typing import ClassVar

from django.db import models

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.table_policy import APPEND, Personal, Scope, TablePolicy


class HandOver(models.Model):
    """One request that goes on at another client, under the same number: the link between the two rows.

    The row belongs to PakTaleem, so that only its staff see both sides.
    """

    wall = TablePolicy(
        Scope.TENANT,
        APPEND,
        disposed_as="evidence",
        personal={"number": Personal.PSEUDONYM, "actor_role": Personal.NONE},
        left_out_of_copies="names another client; the request is in the copy under the same number",
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    number = models.CharField(max_length=16)
    from_client = models.UUIDField()
    from_request = models.UUIDField()
    to_client = models.UUIDField()
    to_request = models.UUIDField()
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ByKind])
    actor_id = models.UUIDField()
    actor_role = models.CharField(max_length=32)

    class Meta:
        ordering = ["at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["client", "from_request"], name="handover_once"),
            models.UniqueConstraint(fields=["client", "to_request"], name="handover_of_one"),
            models.CheckConstraint(
                condition=~models.Q(from_client=models.F("to_client")), name="handover_to_another_client"
            ),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return self.number

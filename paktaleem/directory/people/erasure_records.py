"""Erasures of people: each confirmed one, and each line of the erasure list that this database has carried out."""

from django.db import models
from django.db.models import Q

from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.table_policy import APPEND, EDIT, Personal, Scope, TablePolicy
from paktaleem.foundation.times import format_time


class Erasure(models.Model):
    """One confirmed erasure of one person: who confirmed it, why and when, and when every system had answered.

    Its orders to systems refer to it as their case. ``completed_at`` is when the person's key was destroyed.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal={"actor_role": Personal.NONE},
        left_out_of_copies="the acts of an erasure are in the ledger",
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey("accounts.Client", models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    subject = models.ForeignKey(
        "subjects.Subject", models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    reason = models.CharField(max_length=32, choices=Reason)
    actor_kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ByKind])
    actor_id = models.UUIDField()
    actor_role = models.CharField(max_length=32)
    started_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["client", "subject"], name="erasure_one_per_person")]
        indexes = [models.Index(fields=["client", "id"], condition=Q(completed_at=None), name="erasure_in_progress")]

    def __str__(self) -> str:
        """Return when it was confirmed."""
        return format_time(self.started_at)

    @property
    def is_complete(self) -> bool:
        """True once the person's key is destroyed."""
        return self.completed_at is not None


class ErasureCarriedOut(models.Model):
    """One line of the erasure list that this database has carried out.

    A restored older database lacks the later lines.
    """

    wall = TablePolicy(
        Scope.GLOBAL,
        APPEND,
        reason="compared with the list outside the database before anyone is served; holds numbers only",
        officer=False,
        personal={"mark": Personal.NONE},
    )

    number = models.BigIntegerField(primary_key=True)
    mark = models.BinaryField(max_length=32, help_text="The MAC of the line, which detects an altered list.")

    def __str__(self) -> str:
        """Return the line number."""
        return f"line {self.number}"

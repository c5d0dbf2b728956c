"""Changes that affect decisions, recorded by database triggers, so that every writer is covered.

``xact`` is the transaction that made the change. Rows are returned in the order of ``(xact, id)``, and only once no
older transaction is running (consent.decisions.selectors.changes), so that a reader cannot miss one.
"""

from django.db import models

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.table_policy import Limited, Personal, Scope, TablePolicy

__all__ = ["RegisterChange", "SubjectChange"]

_PASSING = frozenset({"SELECT", "INSERT", "DELETE"})


class SubjectChange(models.Model):
    """One change that affects decisions about one person: answers, restrictions, objections or personal data."""

    wall = TablePolicy(
        Scope.TENANT,
        _PASSING,
        officer=False,
        personal={"kind": Personal.NONE, "purpose_code": Personal.NONE},
        disposed_as="change_feed",
        left_out_of_copies="repeats changes for a short time, for callers that keep decisions",
        limited=Limited.JOURNAL,
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    xact = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    subject_id = models.UUIDField()
    purpose_code = models.CharField(max_length=63, blank=True)
    noted_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["client", "xact", "id"], name="subjectchange_in_order")]

    def __str__(self) -> str:
        """Return the kind."""
        return self.kind


class RegisterChange(models.Model):
    """One transaction that changed the register of a client, or the shared catalogue (PakTaleem's rows)."""

    wall = TablePolicy(Scope.CATALOGUE, _PASSING, officer=False, disposed_as="change_feed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    xact = models.BigIntegerField()
    noted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "xact"], name="registerchange_once_per_transaction")]

    def __str__(self) -> str:
        """Return the transaction."""
        return str(self.xact)

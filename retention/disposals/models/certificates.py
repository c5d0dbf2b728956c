"""Certificates of disposals."""

from django.db import models

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.certificates import IssuedCertificate
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.table_policy import APPEND, Personal, Scope, TablePolicy
from retention.disposals.models.batches import Batch


class Certificate(IssuedCertificate):
    """The certificate of one disposal: canonical JSON with counts, and no one's name. Append-only evidence.

    ``sha256`` (hex) is of the UTF-8 bytes of ``body``; the ledger entry ``entry_id`` repeats it.
    """

    wall = TablePolicy(Scope.TENANT, APPEND, personal={"body": Personal.NONE, "sha256": Personal.NONE})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", db_constraint=False, db_index=False)

    class Meta(IssuedCertificate.Meta):
        verbose_name = "certificate of a disposal"
        verbose_name_plural = "certificates of disposals"
        constraints = [models.UniqueConstraint(fields=["client", "batch"], name="disposalcertificate_one_per_batch")]

"""The abstract base of tables whose rows belong to a client."""

from django.db import models

from paktaleem.foundation.tenancy.rows import new_id


class TenantRow(models.Model):
    """Abstract base of a row of one client, with a UUIDv7 as its key.

    The database checks the client by the composite foreign keys and the row-level security of the tenancy migrations.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey("accounts.Client", models.PROTECT, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        abstract = True

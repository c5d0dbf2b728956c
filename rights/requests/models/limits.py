"""The restrictions and objections that a request brought about."""

from django.db import models

from consent.consents.models.consents import Objection, Restriction
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.table_policy import APPEND, Scope, TablePolicy
from rights.requests.models.requests import RightsRequest


class RequestLimit(models.Model):
    """One restriction or objection that a request brought about: its orders are part of carrying out the request."""

    wall = TablePolicy(Scope.TENANT, APPEND)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    request = models.ForeignKey(RightsRequest, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    restriction = models.ForeignKey(
        Restriction, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    objection = models.ForeignKey(
        Objection, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(restriction=None, objection__isnull=False)
                | models.Q(restriction__isnull=False, objection=None),
                name="rightslimit_one_of_two",
            ),
            models.UniqueConstraint(fields=["client", "request", "restriction"], name="rightslimit_restriction_once"),
            models.UniqueConstraint(fields=["client", "request", "objection"], name="rightslimit_objection_once"),
        ]
        indexes = [
            models.Index(fields=["client", "restriction"], name="rightslimit_by_restriction"),
            models.Index(fields=["client", "objection"], name="rightslimit_by_objection"),
        ]

    def __str__(self) -> str:
        """Return what it is."""
        return "restriction" if self.restriction_id else "objection"

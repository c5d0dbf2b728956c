"""Flagged collections: data collected although the decision denied it, and what staff decided about each."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.indexes import newest_first, oldest_first
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy
from retention.holdings.models.holdings import Collection

_NONE = Personal.NONE
_OPEN = Q(decided_at=None)


class CollectionDecision(models.TextChoices):
    """A decision of staff about a flagged collection."""

    DISPOSED = "disposed", _("Erase the data")
    REGISTER_CORRECTED = "register_corrected", _("The register was corrected")
    EXPLAINED = "explained", _("Explained: the collection was lawful")


class FlaggedCollectionQuerySet(models.QuerySet["FlaggedCollection"]):
    """Query set of flagged collections."""

    def open(self) -> Self:
        """Return the flagged collections about which nothing is decided."""
        return self.filter(_OPEN)


class FlaggedCollection(models.Model):
    """One collection that the decision denied, and the decision of staff about it.

    ``reason`` is the reason code of the denial, such as ``category_not_covered``. ``ground`` says why it was decided
    so, without names of people.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal=dict.fromkeys(
            ("category", "purpose", "reason", "decision", "ground", "decided_kind", "decided_role"), _NONE
        ),
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    collection = models.ForeignKey(Collection, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    category = models.CharField(max_length=63)
    purpose = models.CharField(max_length=63, blank=True)
    reason = models.CharField(max_length=64)
    flagged_at = models.DateTimeField()
    decision = models.CharField(max_length=24, choices=CollectionDecision, blank=True)
    ground = models.TextField("ground in words", max_length=2000, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_kind = models.CharField(max_length=16, blank=True)
    decided_by = models.UUIDField(null=True)
    decided_role = models.CharField(max_length=32, blank=True)

    objects: ClassVar[Any] = FlaggedCollectionQuerySet.as_manager()

    class Meta:
        ordering = ["-flagged_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["client", "collection"], name="flaggedcollection_once"),
            models.CheckConstraint(
                condition=Q(decided_at=None, decided_by=None, decision="", ground="")
                | (Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(decision="") & ~Q(ground="")),
                name="flaggedcollection_decided_with_ground",
            ),
        ]
        indexes = [
            *newest_first("flagged_at", "flaggedcollection_by_time"),
            *oldest_first("flagged_at", "flaggedcollection_open", condition=_OPEN),
        ]

    def __str__(self) -> str:
        """Return the category and the reason."""
        return f"{self.category} ({self.reason})"

    @property
    def is_open(self) -> bool:
        """Return True if nothing is decided."""
        return self.decided_at is None

"""Models of collections reported by systems, and of the holdings that follow from them."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q

from paktaleem.directory.data_systems.models.systems import System
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.table_policy import APPEND, EDIT, Personal, Scope, TablePolicy


class OfPerson(models.Model):
    """Abstract base of collections and holdings: a person, a category of data, and a system if known."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    category = models.CharField(max_length=63)
    system = models.ForeignKey(System, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False)
    system_owner = models.UUIDField(null=True, editable=False)

    class Meta:
        abstract = True


class Collection(OfPerson):
    """A report that data of a person was collected, on an occasion and for a purpose. Append-only.

    ``reason`` is the reason code of the decision at the time of collection: ``permitted``, or why it was denied.
    """

    wall = TablePolicy(
        Scope.TENANT,
        APPEND,
        personal=dict.fromkeys(("category", "occasion", "purpose", "reason", "actor_role"), Personal.NONE),
    )

    occasion = models.CharField(max_length=63)
    purpose = models.CharField(max_length=63, blank=True, help_text="Empty: for no purpose of the register.")
    count = models.PositiveIntegerField(help_text="How many records.")
    reason = models.CharField("decision", max_length=64, help_text="The decision at the time of collection.")
    collected_at = models.DateTimeField()
    reported_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ByKind])
    actor_id = models.UUIDField()
    actor_role = models.CharField(max_length=32)

    class Meta:
        ordering = ["-reported_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(count__gte=1), name="collection_of_something"),
            models.CheckConstraint(condition=Q(collected_at__lte=F("reported_at")), name="collection_not_in_future"),
        ]
        indexes = [
            models.Index(fields=["client", "subject", "category"], name="collection_of_person"),
            *newest_first("reported_at", "collection_by_time"),
        ]

    def __str__(self) -> str:
        """Return the category and the occasion."""
        return f"{self.category} ({self.occasion})"


class HoldingQuerySet(models.QuerySet["Holding"]):
    """Query set of holdings."""

    def held(self) -> Self:
        """Return the holdings that no system has reported as erased."""
        return self.filter(ended_at=None)


class Holding(OfPerson):
    """Data of one category that one system holds about one person, until the system reports its erasure.

    Derived from reported collections and answered orders, which are the evidence; so it has no history of its own.
    """

    wall = TablePolicy(Scope.TENANT, EDIT, personal=dict.fromkeys(("category", "occasions", "purposes"), Personal.NONE))

    occasions = models.JSONField(default=list, help_text="The occasions on which it was collected.")
    purposes = models.JSONField(default=list, help_text="The purposes for which it was collected.")
    count = models.PositiveBigIntegerField(help_text="How many records were reported.")
    first_collected_at = models.DateTimeField()
    last_collected_at = models.DateTimeField()
    last_activity_at = models.DateTimeField(null=True, help_text="When its system last reported that it was used.")
    ended_at = models.DateTimeField(null=True, help_text="When its system reported the erasure.")

    objects: ClassVar[Any] = HoldingQuerySet.as_manager()

    class Meta:
        ordering = ["-last_collected_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "subject", "category", "system"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="holding_one_of_each",
            ),
            models.CheckConstraint(
                condition=Q(first_collected_at__lte=F("last_collected_at")), name="holding_begins_first"
            ),
        ]
        indexes = [
            *newest_first("last_collected_at", "holding_by_time"),
            models.Index(
                fields=["client", "category", "first_collected_at"], condition=Q(ended_at=None), name="holding_by_age"
            ),
        ]

    def __str__(self) -> str:
        """Return the category."""
        return self.category

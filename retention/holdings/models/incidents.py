"""Model of incidents: data of a child collected without authority."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.history import History, Tracked, TrackedQuerySet
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.indexes import newest_first, oldest_first
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy
from paktaleem.foundation.times import format_date


class IncidentCause(models.TextChoices):
    """How an incident was detected."""

    COLLECTED = "collected", _("Collection from a child without authority")
    REVEALED = "revealed", _("A change of age showed that the person is a child")
    FALSE_PROOF = "false_proof", _("A guardian's verification was false")


class IncidentQuerySet(TrackedQuerySet["Incident"]):
    """Query set of incidents."""

    def open(self) -> Self:
        """Return the incidents that are not closed."""
        return self.filter(closed_at=None)

    def overdue(self, at: datetime) -> Self:
        """Return the open incidents whose deadline has passed at ``at``."""
        return self.open().filter(due_at__lt=at)


class Incident(Tracked):
    """A child's data collected without authority, to be erased in every system by a deadline (policy §8).

    ``held`` are the categories whose erasure is not ordered from every system yet, because a hold covers the data.
    """

    wall = TablePolicy(Scope.TENANT, EDIT, personal={"categories": Personal.NONE, "held": Personal.NONE})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    cause = models.CharField(max_length=16, choices=IncidentCause)
    categories = ArrayField(models.CharField(max_length=63), help_text="The data that was collected.")
    held = ArrayField(models.CharField(max_length=63), default=list, db_default=[], editable=False)
    opened_at = models.DateTimeField(editable=False)
    due_at = models.DateTimeField(editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    overdue_told_at = models.DateTimeField("officers reminded", null=True, editable=False)

    objects: ClassVar[Any] = IncidentQuerySet.as_manager()
    history = History()

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "subject"], condition=Q(closed_at=None), name="incident_one_open"
            ),
            models.CheckConstraint(condition=Q(due_at__gt=F("opened_at")), name="incident_due_later"),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("opened_at")), name="incident_period"
            ),
            models.CheckConstraint(condition=Q(categories__len__gte=1), name="incident_about_something"),
        ]
        indexes = [
            *newest_first("opened_at", "incident_by_time"),
            *newest_first("opened_at", "incident_open", condition=Q(closed_at=None)),
            *oldest_first("due_at", "incident_open_by_due", condition=Q(closed_at=None)),
        ]

    def __str__(self) -> str:
        """Return when the incident was opened."""
        return gettext("since {day}").format(day=format_date(self.opened_at))

    @property
    def is_open(self) -> bool:
        """Return True if the incident is not closed."""
        return self.closed_at is None

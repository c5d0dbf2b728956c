"""Models of collections, holdings and incidents."""

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.data_systems.models import System
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.decided import has_ground_if_decided
from paktaleem.foundation.accounts.due import Due, Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import ActorStamp, History, Tracked, TrackedQuerySet
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, oldest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, TablePolicy, classify
from paktaleem.foundation.text.times import format_date


class OfPerson(TenantRow):
    """Abstract base of collections and holdings: a person, a category of data, and a system if known."""

    subject = RowKey(Subject)
    category = models.CharField(max_length=63)
    system = RowKey(System, null=True)
    system_owner = models.UUIDField(null=True, editable=False)

    class Meta:
        abstract = True


class Collection(OfPerson, ActorStamp):
    """A report that data was collected; ``reason`` is the reason code of the decision at that time. Append-only."""

    wall = TablePolicy(APPEND, personal=classify(none="category occasion purpose reason"))
    copied = Copied(
        "collections",
        _("Data collected about you"),
        "category system=system__code occasion purpose count decision=reason collected_at",
    )

    occasion = models.CharField(max_length=63)
    purpose = models.CharField(max_length=63, blank=True, help_text="Empty: for no purpose of the register.")
    count = models.PositiveIntegerField(help_text="How many records.")
    reason = models.CharField("decision", max_length=64, help_text="The decision at the time of collection.")
    collected_at = models.DateTimeField()
    reported_at = models.DateTimeField()

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
        return f"{self.category} ({self.occasion})"


class HoldingQuerySet(models.QuerySet["Holding"]):
    def held(self) -> Self:
        """Return the holdings that no system has reported as erased."""
        return self.filter(ended_at=None)


class Holding(OfPerson):
    """Data that one system holds about one person until its erasure; derived from evidence, so it has no history."""

    wall = TablePolicy(EDIT, personal=classify(none="category occasions purposes"))
    copied = Copied(
        "holdings",
        _("Data that systems hold about you"),
        "category system=system__code purposes count first_collected_at last_collected_at erased_at=ended_at",
    )

    occasions = models.JSONField(default=list, help_text="The occasions on which it was collected.")
    purposes = models.JSONField(default=list, help_text="The purposes for which it was collected.")
    count = models.PositiveBigIntegerField(help_text="How many records were reported.")
    first_collected_at = models.DateTimeField()
    last_collected_at = models.DateTimeField()
    last_activity_at = models.DateTimeField(null=True, help_text="When its system last reported that it was used.")
    ended_at = models.DateTimeField(null=True, help_text="When its system reported the erasure.")

    objects = HoldingQuerySet.as_manager()

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
        return self.category


_OPEN = Q(decided_at=None)


class CollectionDecision(models.TextChoices):
    """A decision of staff about a flagged collection."""

    DISPOSED = "disposed", _("Erase the data")
    REGISTER_CORRECTED = "register_corrected", _("The register was corrected")
    EXPLAINED = "explained", _("Explained: the collection was lawful")


class FlaggedCollection(TenantRow):
    """A denied collection with the reason code of the denial, and the decision of staff; ``ground`` names no one."""

    wall = TablePolicy(
        EDIT, personal=classify(none="category purpose reason decision ground decided_kind decided_role")
    )
    copied = Copied(
        "flagged_collections",
        _("Data collected about you although it was denied"),
        "category purpose reason flagged_at decision ground decided_at",
        titles={"reason": _("Reason of the denial")},
    )

    collection = RowKey(Collection)
    subject = RowKey(Subject)
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

    due = (
        Due(
            label=_("Flagged collections"),
            note=_("collected although the decision denied it"),
            who=Capability.DECIDE_COLLECTIONS,
            rows=_OPEN,
            query="progress=open",
            since="flagged_at",
        ),
    )

    class Meta:
        ordering = ["-flagged_at", "-id"]
        constraints = [
            unique_in_client("flaggedcollection_once", "collection"),
            has_ground_if_decided("flaggedcollection_decided_with_ground"),
        ]
        indexes = [
            *newest_first("flagged_at", "flaggedcollection_by_time"),
            *oldest_first("flagged_at", "flaggedcollection_open", condition=_OPEN),
        ]

    def __str__(self) -> str:
        return f"{self.category} ({self.reason})"

    @property
    def is_open(self) -> bool:
        return self.decided_at is None


class IncidentCause(models.TextChoices):
    """How an incident was detected."""

    COLLECTED = "collected", _("Collection from a child without authority")
    REVEALED = "revealed", _("A change of age showed that the person is a child")
    FALSE_PROOF = "false_proof", _("A guardian's verification was false")


class IncidentQuerySet(TrackedQuerySet["Incident"]):
    def open(self) -> Self:
        """Return the incidents that are not closed."""
        return self.filter(closed_at=None)

    def overdue(self, at: datetime) -> Self:
        """Return the open incidents whose deadline has passed at ``at``."""
        return self.open().filter(due_at__lt=at)


class Incident(TenantRow, Tracked):
    """A child's data collected without authority (policy §8); ``held`` are the categories that a hold protects."""

    wall = TablePolicy(EDIT, personal=classify(none="categories held"))
    copied = Copied("incidents", _("Incidents about your data"), "reason=cause categories opened_at due_at closed_at")

    subject = RowKey(Subject)
    cause = models.CharField(max_length=16, choices=IncidentCause)
    categories = ArrayField(models.CharField(max_length=63), help_text="The data that was collected.")
    held = ArrayField(models.CharField(max_length=63), default=list, db_default=[], editable=False)
    opened_at = models.DateTimeField(editable=False)
    due_at = models.DateTimeField(editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    overdue_told_at = models.DateTimeField("officers reminded", null=True, editable=False)

    objects: ClassVar = IncidentQuerySet.as_manager()
    history = History()

    due = (
        Due(
            label=_("Incidents with children’s data"),
            note=_("collected without authority, being erased"),
            who=Capability.VIEW_RECORDS,
            rows=Q(closed_at=None),
            query="progress=open",
            on="due_at",
            severity=Severity.URGENT,
        ),
        Due(
            label=_("Incidents overdue"),
            note=_("erasure overdue"),
            who=Capability.VIEW_RECORDS,
            rows=IncidentQuerySet.overdue,
            query="progress=overdue",
            on="due_at",
            severity=Severity.OVERDUE,
        ),
    )

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            unique_in_client("incident_one_open", "subject", where=Q(closed_at=None)),
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
        return gettext("since {day}").format(day=format_date(self.opened_at))

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

"""Lines of the data map."""

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consent.register.models.purposes import ROLES
from paktaleem.directory.data_systems.models import System
from paktaleem.foundation.accounts.due import Due
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import History, Tracked, TrackedQuerySet
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, oldest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import EDIT, TablePolicy, classify


class FoundBy(models.TextChoices):
    """The key by which a system finds a person."""

    LMS_ID = "lms_id", _("The LMS id")
    EMAIL = "email", _("The email address")
    OWN_KEY = "own_key", _("A key of its own, which it maps to the LMS id")
    NOBODY = "nobody", _("It cannot find one person")


class MapLineQuerySet(TrackedQuerySet["MapLine"]):
    def current(self) -> Self:
        """Lines that have not ended."""
        return self.filter(ended_at=None)

    def to_confirm(self, at: datetime) -> Self:
        """Current lines that the client has to confirm: new, changed, or confirmed a year ago."""
        return self.current().filter(confirm_by__lte=at)


class MapLine(TenantRow, Tracked):
    """Data of one category that one system holds of a client's people in some roles (GDPR Art. 30).

    A system with its API key or staff declare it; the client confirms it, and again after each change and each year. No
    order depends on it: orders go to all systems that are registered for a category.
    """

    wall = TablePolicy(EDIT, personal=classify(none="category roles purposes countries found_by"))

    system = RowKey(System)
    system_owner = models.UUIDField(editable=False)
    category = models.CharField("data category", max_length=63)
    roles = ArrayField(models.CharField(max_length=16, choices=ROLES), help_text="The people whose data it is.")
    purposes = ArrayField(models.CharField(max_length=63), blank=True, help_text="What the system uses the data for.")
    countries = ArrayField(
        models.CharField(max_length=2), help_text="Where the data is stored: ISO 3166 codes, such as PK, IE."
    )
    found_by = models.CharField("people are found by", max_length=16, choices=FoundBy)
    declared_at = models.DateTimeField(editable=False)
    confirmed_at = models.DateTimeField("confirmed by the client", null=True, editable=False)
    confirmed_by = models.UUIDField(null=True, editable=False)
    confirm_by = models.DateTimeField("to be confirmed by", editable=False)
    ended_at = models.DateTimeField("no longer held since", null=True, editable=False)

    objects: ClassVar = MapLineQuerySet.as_manager()
    history = History()

    due = (
        Due(
            label=_("Lines of the data map to confirm"),
            note=_("new, changed, or confirmed a year ago"),
            who=Capability.MANAGE_SYSTEMS,
            rows=MapLineQuerySet.to_confirm,
            query="progress=to_confirm",
            on="confirm_by",
        ),
    )

    class Meta:
        verbose_name = "line of the data map"
        verbose_name_plural = "data map"
        ordering = ["system", "category", "id"]
        constraints = [
            unique_in_client("mapline_one_of_each", "system", "category", where=Q(ended_at=None)),
            models.CheckConstraint(condition=Q(roles__len__gte=1), name="mapline_about_someone"),
            models.CheckConstraint(condition=Q(countries__len__gte=1), name="mapline_stored_somewhere"),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | Q(confirmed_at__gte=F("declared_at"), confirmed_by__isnull=False),
                name="mapline_confirmed_by_someone",
            ),
        ]
        indexes = [*oldest_first("confirm_by", "mapline_by_confirmation", condition=Q(ended_at=None))]

    def __str__(self) -> str:
        return f"{self.system}: {self.category}"

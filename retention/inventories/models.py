"""Inventories of systems and their lines."""

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.data_systems.models import System
from paktaleem.foundation.accounts.decided import Decided, has_ground_if_decided
from paktaleem.foundation.accounts.due import Due, Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, oldest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import EDIT, Limited, TablePolicy, classify
from paktaleem.foundation.text.times import format_date


class AskedFor(models.TextChoices):
    """Why an inventory was ordered."""

    MONTHLY = "monthly", _("Every month")
    EXIT = "exit", _("Before an exit is certified")
    ON_DEMAND = "on_demand", _("On demand")


class InventoryQuerySet(models.QuerySet["Inventory"]):
    def open(self) -> Self:
        """Inventories that the system has not answered."""
        return self.filter(answered_at=None)

    def overdue(self, at: datetime) -> Self:
        """Inventories that the system has not answered by the due date."""
        return self.open().filter(due_at__lt=at)


class Inventory(TenantRow):
    """One order to one system to count the people of a client of whom it holds data, by category.

    It is no ``Order``: those are about one person.
    """

    wall = TablePolicy(EDIT, limited=Limited.READ)

    system = RowKey(System)
    system_owner = models.UUIDField(editable=False)
    asked_for = models.CharField("occasion", max_length=16, choices=AskedFor)
    asked_at = models.DateTimeField("ordered")
    due_at = models.DateTimeField("due")
    answered_at = models.DateTimeField("answered", null=True)
    erased_asked = models.PositiveIntegerField(
        "erased people asked about", null=True, help_text="Known once the inventory is answered."
    )
    erased_held = models.PositiveIntegerField(
        "erased people still held", null=True, help_text="Empty: the system did not say."
    )

    objects: ClassVar = InventoryQuerySet.as_manager()

    due = (
        Due(
            label=_("Inventories overdue"),
            note=_("systems that have not said what they hold"),
            who=Capability.VIEW_RECORDS,
            rows=InventoryQuerySet.overdue,
            query="progress=overdue",
            on="due_at",
            severity=Severity.OVERDUE,
        ),
    )

    class Meta:
        verbose_name_plural = "inventories"
        ordering = ["-asked_at", "-id"]
        constraints = [
            unique_in_client("inventory_one_open", "system", where=Q(answered_at=None)),
            models.CheckConstraint(condition=Q(due_at__gt=F("asked_at")), name="inventory_due_later"),
            models.CheckConstraint(
                condition=Q(answered_at=None) | Q(answered_at__gte=F("asked_at")), name="inventory_answered_after"
            ),
            models.CheckConstraint(
                condition=Q(erased_held=None) | Q(erased_held__lte=F("erased_asked")), name="inventory_held_of_asked"
            ),
        ]
        indexes = [
            *newest_first("asked_at", "inventory_by_time"),
            *oldest_first("due_at", "inventory_open_by_due", condition=Q(answered_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.system}, {format_date(self.asked_at)}"

    @property
    def is_open(self) -> bool:
        return self.answered_at is None

    @property
    def is_late(self) -> bool:
        """Return True if the system answered after the due date."""
        return self.answered_at is not None and self.answered_at > self.due_at


class ErasedId(TenantRow):
    """The SHA-256 of the LMS id of one erased person, by which one system is asked whether it still holds their data.

    It is sealed under the portal's key, because theirs is destroyed, and refers to no person. A system has at most ten,
    until it says of which it still holds data, or their period ends.
    """

    wall = TablePolicy(
        EDIT | {"DELETE"},
        left_out_of_copies="it names a system only, so that it belongs to no known person",
        disposed_as="erased_ids",
        personal=classify(sealed="id_hash"),
    )

    system = RowKey(System)
    system_owner = models.UUIDField(editable=False)
    id_hash = SealedField()
    erased_at = models.DateTimeField()

    class Meta:
        verbose_name = "hash of an erased person’s LMS id"
        verbose_name_plural = "hashes of erased people’s LMS ids"
        indexes = [models.Index(fields=["client", "system", "erased_at"], name="erasedid_by_system")]

    def __str__(self) -> str:
        return str(self.system)


class DifferenceDecision(models.TextChoices):
    """A decision of staff about a difference."""

    EXPLAINED = "explained", _("Explained")
    REPORTED = "reported", _("The system has reported the data")
    ERASED = "erased", _("The system has erased the data")


_DIFFERS = Q(compared_at__isnull=False) & (
    ~Q(counted=F("expected")) | Q(missing__gt=0) | Q(unexpected__gt=0) | Q(still_held__gt=0)
)


class LineQuerySet(models.QuerySet["InventoryLine"]):
    def differences(self) -> Self:
        """Lines whose count differs from what the system reported, or of which it names other people."""
        return self.filter(_DIFFERS)

    def undecided(self, at: datetime) -> Self:
        """Differences about which staff have not decided, whatever the time."""
        del at
        return self.differences().filter(decided_at=None)


class InventoryLine(Decided):
    """One category of an inventory: people counted by the system, and people of whom it had reported data.

    Without a category it is about one erased person of whom the system still holds data, as it says itself.
    ``missing``, ``unexpected`` and ``still_held`` (erased people) are known if the system names people by the SHA-256
    of their LMS ids. Of these hashes only those in doubt are kept, until staff decide or their period ends.
    """

    wall = TablePolicy(
        EDIT,
        disposed_as="inventory_hashes",
        left_out_of_copies="hashes of LMS ids that the portal does not expect, until the decision",
        limited=Limited.READ,
        personal=classify(none="category decision ground decided_role", pseudonym="id_hashes"),
    )

    inventory = RowKey(Inventory)
    category = models.CharField("data category", max_length=63, blank=True)
    counted = models.PositiveIntegerField("people counted", null=True)
    expected = models.PositiveIntegerField("people reported", null=True)
    missing = models.PositiveIntegerField("people missing", null=True, blank=True)
    unexpected = models.PositiveIntegerField("people not reported", null=True, blank=True)
    still_held = models.PositiveIntegerField("erased people still held", null=True, blank=True)
    id_hashes = ArrayField(models.CharField(max_length=64), default=list, db_default=[])
    compared_at = models.DateTimeField("compared", null=True)
    decision = models.CharField(max_length=16, choices=DifferenceDecision, blank=True, default="", db_default="")

    objects: ClassVar = LineQuerySet.as_manager()

    due = (
        Due(
            label=_("Differences in inventories"),
            note=_("a system counts other people than it reported"),
            who=Capability.VIEW_RECORDS,
            rows=LineQuerySet.undecided,
            query="progress=undecided",
            since="compared_at",
        ),
    )

    class Meta:
        verbose_name = "line of an inventory"
        verbose_name_plural = "inventory differences"
        ordering = ["-id"]
        constraints = [
            unique_in_client("inventoryline_one_of_each", "inventory", "category", where=~Q(category="")),
            models.CheckConstraint(
                condition=Q(compared_at=None, counted=None, expected=None)
                | Q(compared_at__isnull=False, counted__isnull=False, expected__isnull=False),
                name="inventoryline_compared_whole",
            ),
            has_ground_if_decided("inventoryline_decided_with_ground"),
        ]
        indexes = [
            models.Index(fields=["client", "-id"], name="inventoryline_by_time"),
            models.Index(fields=["client", "inventory"], name="inventoryline_of_inventory"),
            *oldest_first("compared_at", "inventoryline_open", condition=_DIFFERS & Q(decided_at=None)),
        ]

    def __str__(self) -> str:
        return self.category

    @property
    def is_difference(self) -> bool:
        """Return True if the count is another than expected, or the people are."""
        others = (self.missing, self.unexpected, self.still_held)
        return self.compared_at is not None and (self.counted != self.expected or any(others))

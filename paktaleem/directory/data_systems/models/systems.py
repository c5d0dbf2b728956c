"""Systems that hold personal data, and the API keys that act for them."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.models import Client, code_validator
from paktaleem.foundation.audit.history import History, Tracked, TrackedQuerySet
from paktaleem.foundation.tenancy.fields import MigratesAs
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy


class Delivery(models.TextChoices):
    """How a system receives its orders."""

    POLL = "poll", _("The system fetches them")
    WEBHOOK = "webhook", _("A webhook notifies the system, which then fetches them")
    BY_HAND = "by_hand", _("People carry them out and record the result in the console")


class PeriodQuerySet[M: models.Model](TrackedQuerySet[M]):
    """Rows valid in a period [starts_at, ends_at)."""

    def active(self, at: datetime) -> Self:
        """Rows in force at a time."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at)


def _validate_categories(codes: list[str]) -> None:
    if len(set(codes)) != len(codes):
        raise ValidationError("Name each category once.")


class CategoriesField(MigratesAs, ArrayField):  # type: ignore[type-arg]  # not generic at run time
    """A list of distinct codes of data categories."""

    migrates_as = "django.contrib.postgres.fields.ArrayField"
    default_validators = [_validate_categories]


class System(Tracked):
    """One system that holds personal data: a client's own, or one of PakTaleem's that serves every client.

    Clients also see PakTaleem's systems, so that they know where their people's data is held.
    """

    wall = TablePolicy(
        Scope.CATALOGUE,
        EDIT,
        kept_for_good="the contact of a client's staff for its system, replaced when it changes",
        personal={
            "code": Personal.NONE,
            "name": Personal.NONE,
            "categories": Personal.NONE,
            "contact": Personal.STAFF,
        },
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    code = models.CharField(max_length=63, validators=[code_validator])
    name = models.CharField(max_length=200)
    categories = CategoriesField(
        models.CharField(max_length=63, validators=[code_validator]),
        help_text="The data it holds. Orders about other data are not sent there.",
    )
    delivery = models.CharField("delivery of orders", max_length=16, choices=Delivery)
    contact = models.EmailField(
        max_length=254,
        help_text="Email address of the team that runs it, not of one person, for questions about orders.",
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.UUIDField("end proposed by", null=True, editable=False)
    proposed_at = models.DateTimeField("end proposed", null=True, editable=False)
    ended_by = models.UUIDField("end agreed to by", null=True, editable=False)

    objects: ClassVar[Any] = PeriodQuerySet.as_manager()
    history = History()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["client", "code"], name="system_code_unique"),
            models.CheckConstraint(condition=~Q(categories=[]), name="system_holds_something"),
            models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="system_period"),
            models.CheckConstraint(
                condition=Q(ended_by=None) | ~Q(ended_by=F("proposed_by")), name="system_ended_by_two_people"
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class SystemKey(Tracked):
    """One assignment of an API key, by name, to a system at a client: calls with the key act for the system.

    Identified by the key's name instead of its id, so that a rotated key continues to act. PakTaleem's systems have a
    key at each client they serve, and see only that client's orders with it.
    """

    wall = TablePolicy(Scope.TENANT, EDIT, personal={"key_name": Personal.NONE})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    system = models.ForeignKey(System, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    system_owner = models.UUIDField(editable=False)
    key_name = models.CharField("name of the key", max_length=100, help_text="As issued, with the scope “orders”.")
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[Any] = PeriodQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = "system key"
        verbose_name_plural = "system keys"
        ordering = ["key_name"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "key_name"], condition=Q(ends_at=None), name="systemkey_acts_for_one_system"
            ),
            models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="systemkey_period"),
        ]

    def __str__(self) -> str:
        """Return the key's name."""
        return self.key_name

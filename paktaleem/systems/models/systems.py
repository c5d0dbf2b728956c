"""Which systems hold personal data, and by which key each of them calls."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from paktaleem.accounts.models import Client, code_validator
from paktaleem.ledger.history import History, Tracked, TrackedQuerySet
from paktaleem.tenancy.fields import MigratesAs
from paktaleem.tenancy.ids import new_id
from paktaleem.tenancy.wall import EDIT, Personal, Scope, Wall

__all__ = ["Delivery", "System", "SystemKey"]


class Delivery(models.TextChoices):
    """How orders reach a system."""

    POLL = "poll", _("It asks for them")
    WEBHOOK = "webhook", _("It is told, and asks for them")
    BY_HAND = "by_hand", _("People carry them out, and say so in the console")


class InPeriod[M: models.Model](TrackedQuerySet[M]):
    """Rows that hold for a period [starts_at, ends_at)."""

    def active(self, at: datetime) -> Self:
        """Those in force at a moment."""
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

    Clients see PakTaleem's systems too: they are told where their people's data lies.
    """

    wall = Wall(
        Scope.CATALOGUE,
        EDIT,
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
        help_text="The data it holds. An order about other data is not sent there.",
    )
    delivery = models.CharField("orders reach it", max_length=16, choices=Delivery)
    contact = models.EmailField(
        max_length=254, help_text="A mailbox of the team that runs it, not of one person: whom to ask about an order."
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = InPeriod.as_manager()
    history = History()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["client", "code"], name="system_code_unique"),
            models.CheckConstraint(condition=~Q(categories=[]), name="system_holds_something"),
            models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="system_period"),
        ]

    def __str__(self) -> str:
        """Show the name."""
        return self.name


class SystemKey(Tracked):
    """One statement that whoever calls with a key of this name acts for this system at this client.

    By the key's name and not its id, so that a rotated key's successor acts for the same system. One of PakTaleem's
    systems has a key at each client it serves, and with each sees that client's orders alone.
    """

    wall = Wall(Scope.TENANT, EDIT, personal={"key_name": Personal.NONE})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    system = models.ForeignKey(System, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    system_owner = models.UUIDField(editable=False)
    key_name = models.CharField("name of the key", max_length=100, help_text="As it was issued, with the scope orders.")
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[Any] = InPeriod.as_manager()
    history = History()

    class Meta:
        verbose_name = "key of a system"
        verbose_name_plural = "keys of systems"
        ordering = ["key_name"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "key_name"], condition=Q(ends_at=None), name="systemkey_acts_for_one_system"
            ),
            models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="systemkey_period"),
        ]

    def __str__(self) -> str:
        """Show the key's name."""
        return self.key_name

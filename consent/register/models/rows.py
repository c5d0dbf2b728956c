"""Base classes of register rows: client, history, period."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from paktaleem.foundation.accounts.models import Client, code_validator
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import Tracked, TrackedQuerySet
from paktaleem.foundation.tenancy.fields import MigratesAs
from paktaleem.foundation.tenancy.ids import new_id


class PeriodQuerySet[M: models.Model](TrackedQuerySet[M]):
    """Rows that are in force for a period [starts_at, ends_at)."""

    def active(self, at: datetime) -> Self:
        """Return the rows in force at ``at``."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at)

    def uncancelled(self) -> Self:
        """Return the rows that were not cancelled before they started."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=F("starts_at")))


class RegisterRow(Tracked):
    """A row of the register, owned by a client (PakTaleem's are the shared catalogue), with its history."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)

    change_capability: ClassVar[Capability | None] = None
    """The capability that ``change_register`` requires; None: rows of this kind have services of their own."""

    class Meta:
        abstract = True


class PeriodRow(RegisterRow):
    """A row of the register that is in force for a period [starts_at, ends_at); never backdated."""

    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = PeriodQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_cancelled(self) -> bool:
        """True if it was cancelled before it started: its period is empty, so it was never in force."""
        return self.ends_at is not None and self.ends_at == self.starts_at

    def ends_after(self, before: Self) -> bool:
        """Return True if this row ends later than it did before, or no longer ends."""
        return before.ends_at is not None and (self.ends_at is None or self.ends_at > before.ends_at)


def check_distinct_codes(codes: list[str]) -> None:
    """Raise ValidationError for duplicate codes."""
    if len(set(codes)) != len(codes):
        raise ValidationError("Name each code once.")


class CodesField(MigratesAs, ArrayField):  # type: ignore[type-arg]  # not generic at run time
    """A set of codes of the register (purposes, categories, recipients), stored in one column."""

    migrates_as = "django.contrib.postgres.fields.ArrayField"

    def __init__(self, **kwargs: Any) -> None:
        """Create a list of codes, empty by default."""
        kwargs.pop("base_field", None)
        kwargs.pop("size", None)
        kwargs.setdefault("default", list)
        kwargs.setdefault("blank", True)
        super().__init__(models.CharField(max_length=63, validators=[code_validator]), **kwargs)
        self.validators = [*self.validators, check_distinct_codes]


def catalogue_owner() -> models.UUIDField:  # type: ignore[type-arg]
    """Return the column with the owner of a referenced catalogue row: the row's own client, or PakTaleem."""
    return models.UUIDField(editable=False)


def period_is_ordered(name: str) -> models.CheckConstraint:
    """Return a constraint that a period ends after it starts."""
    return models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name=name)


def period_is_ordered_or_empty(name: str) -> models.CheckConstraint:
    """Return a constraint that a period ends after it starts, or is empty: such a row was cancelled (decision 0078)."""
    return models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name=name)

"""What every row of the register shares: its client, its history, its period."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from paktaleem.accounts.models import Client, code_validator
from paktaleem.ledger.history import Tracked, TrackedQuerySet
from paktaleem.tenancy.fields import MigratesAs
from paktaleem.tenancy.ids import new_id

__all__ = ["CodesField", "PeriodQuerySet", "PeriodRow", "RegisterRow", "catalogue_owner", "period_is_ordered"]


class PeriodQuerySet[M: models.Model](TrackedQuerySet[M]):
    """Rows that hold for a period [starts_at, ends_at)."""

    def active(self, at: datetime) -> Self:
        """Those in force at a moment."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at)


class RegisterRow(Tracked):
    """A row of the register: owned by a client (PakTaleem's are the shared catalogue), every version kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        abstract = True


class PeriodRow(RegisterRow):
    """A row of the register that holds for a period [starts_at, ends_at); nothing is backdated."""

    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = PeriodQuerySet.as_manager()

    class Meta:
        abstract = True


def validate_codes(codes: list[str]) -> None:
    """Accept lists of distinct codes."""
    if len(set(codes)) != len(codes):
        raise ValidationError("Name each code once.")


class CodesField(MigratesAs, ArrayField):  # type: ignore[type-arg]  # not generic at run time
    """A set of codes of the register (purposes, categories, recipients), kept in one column."""

    migrates_as = "django.contrib.postgres.fields.ArrayField"

    def __init__(self, **kwargs: Any) -> None:
        """Make a list of codes, empty by default."""
        kwargs.pop("base_field", None)
        kwargs.pop("size", None)
        kwargs.setdefault("default", list)
        kwargs.setdefault("blank", True)
        super().__init__(models.CharField(max_length=63, validators=[code_validator]), **kwargs)
        self.validators = [*self.validators, validate_codes]


def catalogue_owner() -> models.UUIDField:  # type: ignore[type-arg]
    """Make the column that holds the client of a catalogue row referred to: the row's own, or PakTaleem's."""
    return models.UUIDField(editable=False)


def period_is_ordered(name: str) -> models.CheckConstraint:
    """Make the constraint that a period ends after it starts."""
    return models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name=name)

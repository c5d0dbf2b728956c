"""Holds: data that must not be disposed of, and their lifting by two people."""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.data_systems.models.systems import System
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange, second_person_constraints
from paktaleem.foundation.audit.history import History, Tracked, TrackedQuerySet
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.indexes import newest_first, oldest_first
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy

_NONE = Personal.NONE
_OPEN = Q(lifted_at=None)
_EASTERNMOST = timedelta(hours=14)
"""Offset from UTC of the first place where a day begins."""


class HoldKind(models.TextChoices):
    """Why data is held."""

    LEGAL = "legal", _("Legal hold")
    COMPLAINT = "complaint", _("Complaint")
    OPEN_REQUEST = "open_request", _("Open rights request")


class HoldQuerySet(TrackedQuerySet["Hold"]):
    """Query set of holds."""

    def open(self) -> Self:
        """Return the holds that are not lifted."""
        return self.filter(_OPEN)

    def to_review_at(self, at: datetime) -> Self:
        """Return the open holds whose review day has come at ``at``, in the time zone of their client."""
        local = Func(F("client__time_zone"), Value(at), function="timezone", output_field=models.DateTimeField())
        nearly = self.open().filter(review_on__lte=(at + _EASTERNMOST).date())  # by the index
        return nearly.filter(review_on__lte=Cast(local, models.DateField()))


class Hold(Tracked):
    """One hold: data in its scope is not disposed of until the hold is lifted.

    The scope is the client's data, narrowed by the person, the category and the system that are set. ``related_kind``
    and ``related_id`` name the case of an app above for which it is placed, such as a rights request.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal=dict.fromkeys(("category", "ground", "lift_ground", "related_kind", "placed_kind"), _NONE),
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    kind = models.CharField(max_length=16, choices=HoldKind)
    ground = models.TextField("ground in words", max_length=2000, help_text="About the case only; do not name people.")
    subject = models.ForeignKey(
        Subject, models.PROTECT, related_name="+", null=True, blank=True, db_constraint=False, db_index=False
    )
    category = models.CharField("data category", max_length=63, blank=True)
    system = models.ForeignKey(
        System, models.PROTECT, related_name="+", null=True, blank=True, db_constraint=False, db_index=False
    )
    system_owner = models.UUIDField(null=True, editable=False)
    review_on = models.DateField("review day")
    related_kind = models.CharField(max_length=32, blank=True, editable=False)
    related_id = models.UUIDField(null=True, editable=False)
    placed_at = models.DateTimeField(editable=False)
    placed_kind = models.CharField(max_length=16, editable=False)
    placed_by = models.UUIDField(editable=False)
    is_of_client = models.BooleanField(
        "placed by the client", default=False, db_default=False, editable=False, help_text="Otherwise by an officer."
    )
    lifted_at = models.DateTimeField(null=True, editable=False)
    lifted_by = models.UUIDField(null=True, editable=False)
    lift_ground = models.TextField("ground for lifting", max_length=2000, blank=True, editable=False)

    objects: ClassVar[Any] = HoldQuerySet.as_manager()
    history = History()

    class Meta:
        ordering = ["-placed_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(ground=""), name="hold_has_a_ground"),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None, lift_ground="")
                | (Q(lifted_at__gte=F("placed_at"), lifted_by__isnull=False) & ~Q(lift_ground="")),
                name="hold_lifted_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(related_kind="", related_id=None) | (~Q(related_kind="") & Q(related_id__isnull=False)),
                name="hold_related_is_whole",
            ),
            models.UniqueConstraint(
                fields=["client", "related_kind", "related_id", "subject", "category", "system"],
                condition=_OPEN & Q(related_id__isnull=False),
                nulls_distinct=False,
                name="hold_one_open_of_a_case",
            ),
        ]
        indexes = [
            *newest_first("placed_at", "hold_by_time"),
            *oldest_first("review_on", "hold_open_by_review", condition=_OPEN),
            models.Index(fields=["client", "subject"], condition=_OPEN, name="hold_open_of_person"),
        ]

    def __str__(self) -> str:
        """Return the kind."""
        return str(self.get_kind_display())

    @property
    def is_open(self) -> bool:
        """Return True if the hold is not lifted."""
        return self.lifted_at is None

    def is_to_review(self, at: datetime) -> bool:
        """Return True if the hold is open and its review day has come at ``at``, in the client's time zone."""
        return self.is_open and self.review_on <= at.astimezone(ZoneInfo(self.client.time_zone)).date()


class HoldLift(RequestedChange):
    """One request to lift a hold, for a second person."""

    wall = TablePolicy(Scope.TENANT, EDIT, personal={"ground": _NONE, "requested_kind": _NONE})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    hold = models.ForeignKey(Hold, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    ground = models.TextField("ground in words", max_length=2000)

    class Meta:
        verbose_name = "lifting of a hold"
        verbose_name_plural = "liftings of holds"
        ordering = ["-requested_at", "-id"]
        constraints = [
            *second_person_constraints("holdlift"),
            models.CheckConstraint(condition=~Q(ground=""), name="holdlift_has_a_ground"),
            models.UniqueConstraint(
                fields=["client", "hold"], condition=Q(state=ChangeState.WAITING), name="holdlift_one_waiting"
            ),
        ]
        indexes = newest_first("requested_at", "holdlift_by_time")

    def __str__(self) -> str:
        """Return the state."""
        return str(self.get_state_display())

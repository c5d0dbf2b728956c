"""Sweeps that flag holdings, batches of flagged holdings, and approvals by a second person."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.data_systems.models.orders import Ground
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange, second_person_constraints
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.indexes import newest_first, oldest_first
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy
from paktaleem.foundation.times import format_date

_NONE = Personal.NONE
_BY = [(kind.value, kind.value) for kind in ByKind]
GROUNDS = [(one.value, one.label) for one in (Ground.RETENTION_ENDED, Ground.AGREEMENT_ENDED)]


class Decider(models.TextChoices):
    """The controller of the data, whose approval a batch needs (policy §7)."""

    CLIENT = "client", _("The client")
    PAKTALEEM = "paktaleem", _("PakTaleem")


class Stage(models.TextChoices):
    """Stage of a batch, from the first flagged holding to the certificate."""

    FLAGGING = "flagging", _("Being put together")
    REVIEW = "review", _("In review")
    SECOND_PERSON = "second_person", _("Needs a second person")
    SCHEDULED = "scheduled", _("Scheduled")
    EXECUTING = "executing", _("Orders are being issued")
    VERIFYING = "verifying", _("Waiting for the systems")
    CERTIFIED = "certified", _("Certified")
    CANCELLED = "cancelled", _("Ended without disposal")


_BEFORE_ORDERS = [Stage.FLAGGING.value, Stage.REVIEW.value, Stage.SECOND_PERSON.value, Stage.SCHEDULED.value]
_TO_REVIEW = [Stage.REVIEW.value, Stage.SECOND_PERSON.value]
_APPROVED = [Stage.SCHEDULED.value, Stage.EXECUTING.value, Stage.VERIFYING.value, Stage.CERTIFIED.value]
_ENDED = [Stage.CERTIFIED.value, Stage.CANCELLED.value]
_WORKING = [Stage.SCHEDULED.value, Stage.EXECUTING.value, Stage.VERIFYING.value]


class Sweep(models.Model):
    """One run of the worker over a client's holdings, person by person, that flags those to be disposed of.

    Everything up to the person ``cursor`` (in the order of their ids) is done, so an interrupted sweep continues
    there. ``opened_at`` is the time for which due dates are computed. ``held`` counts the holdings at the start, or the
    people if an agreement has ended.
    """

    wall = TablePolicy(Scope.TENANT, EDIT)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    ground = models.CharField(max_length=32, choices=GROUNDS)
    held = models.PositiveIntegerField(help_text="Holdings at the start.")
    checked = models.PositiveIntegerField(default=0, db_default=0)
    flagged = models.PositiveIntegerField(default=0, db_default=0)
    cursor = models.UUIDField(null=True)
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["client", "ground"], condition=Q(ended_at=None), name="sweep_one_open")
        ]
        indexes = [models.Index(fields=["client", "-opened_at"], name="sweep_by_time")]

    def __str__(self) -> str:
        """Return the day."""
        return format_date(self.opened_at)


class BatchQuerySet(models.QuerySet["Batch"]):
    """Filters of batches."""

    def open(self) -> Self:
        """Batches that are neither certified nor ended without disposal."""
        return self.filter(ended_at=None)

    def to_review_at(self, at: datetime) -> Self:
        """Batches that need a decision of a person, whatever the time."""
        del at
        return self.filter(stage__in=_TO_REVIEW)

    def working(self) -> Self:
        """Approved batches without a certificate, which the worker continues."""
        return self.filter(stage__in=_WORKING)


class Batch(models.Model):
    """Holdings of one client that are reviewed, approved, disposed of and certified together.

    ``size`` counts its items without those taken out. ``summary`` has the counts by category, system, action, method
    and rule at the end of flagging. ``cursor`` is the last person whose orders are issued. ``case_kind`` and
    ``case_id`` name the case of an app above that it serves, such as the end of an agreement. ``pseudonym_key`` is the
    key of pseudonyms, wrapped by the portal's keyring; it is destroyed with the certificate.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal={
            **dict.fromkeys(("case_kind", "summary", "approved_kind", "approved_role"), _NONE),
            "pseudonym_key": Personal.SECRET,
        },
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    sweep = models.ForeignKey(Sweep, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    ground = models.CharField(max_length=32, choices=GROUNDS)
    decider = models.CharField("controller of the data", max_length=16, choices=Decider)
    is_automatic = models.BooleanField("without review", default=False, db_default=False)
    case_kind = models.CharField(max_length=32, blank=True, default="", db_default="")
    case_id = models.UUIDField(null=True)
    stage = models.CharField(max_length=16, choices=Stage)
    size = models.PositiveIntegerField("holdings", default=0, db_default=0)
    summary = models.JSONField(default=list, db_default=[])
    cursor = models.UUIDField(null=True)
    pseudonym_key = SealedField()
    opened_at = models.DateTimeField()
    reviewed_at = models.DateTimeField("ready for review", null=True)
    approved_kind = models.CharField(max_length=16, choices=_BY, blank=True, default="", db_default="")
    approved_by = models.UUIDField(null=True)
    approved_role = models.CharField(max_length=32, blank=True, default="", db_default="")
    approved_at = models.DateTimeField(null=True)
    starts_at = models.DateTimeField("orders not before", null=True)
    ordered_at = models.DateTimeField("orders issued", null=True)
    paused_at = models.DateTimeField("interrupted", null=True)
    ended_at = models.DateTimeField("ended", null=True)

    objects: ClassVar[Any] = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = "disposal"
        verbose_name_plural = "disposals"
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(stage__in=_APPROVED) | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="batch_approved_first",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=_ENDED, ended_at__isnull=False, pseudonym_key=None)
                | (~Q(stage__in=_ENDED) & Q(ended_at=None)),
                name="batch_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(case_kind="", case_id=None) | (~Q(case_kind="") & Q(case_id__isnull=False)),
                name="batch_case_is_whole",
            ),
        ]
        indexes = [
            *newest_first("opened_at", "batch_by_time"),
            *newest_first("opened_at", "batch_by_stage", by="stage"),
            *oldest_first("opened_at", "batch_open", condition=Q(ended_at=None)),
            *oldest_first("opened_at", "batch_to_review", condition=Q(stage__in=_TO_REVIEW)),
            models.Index(fields=["client", "case_id"], condition=Q(case_id__isnull=False), name="batch_of_case"),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return self.number

    @property
    def number(self) -> str:
        """Return a short number for people: D and the last eight digits of the id."""
        return f"D{self.id.hex[-8:].upper()}"

    @property
    def is_before_orders(self) -> bool:
        """Return True while nothing is ordered, so that it can be cancelled."""
        return self.stage in _BEFORE_ORDERS


class Approval(RequestedChange):
    """One approval of a large batch, for a second person."""

    wall = TablePolicy(Scope.TENANT, EDIT, personal=dict.fromkeys(("requested_kind", "requested_role"), _NONE))

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    requested_role = models.CharField(max_length=32, editable=False)

    class Meta:
        verbose_name = "approval of a disposal"
        verbose_name_plural = "approvals of disposals"
        ordering = ["-requested_at", "-id"]
        constraints = [
            *second_person_constraints("approval"),
            models.UniqueConstraint(
                fields=["client", "batch"], condition=Q(state=ChangeState.WAITING), name="approval_one_waiting"
            ),
        ]
        indexes = [models.Index(fields=["client", "batch"], name="approval_of_batch")]

    def __str__(self) -> str:
        """Return the state."""
        return str(self.get_state_display())

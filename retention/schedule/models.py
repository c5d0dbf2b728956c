"""Models of retention rules and holds."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from consent.register.models.purposes import ROLES, PeriodRow, Purpose, catalogue_owner, period_is_ordered
from paktaleem.directory.data_systems.models import System
from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.due import Due, Severity
from paktaleem.foundation.accounts.models import code_validator
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import History, Tracked, TrackedQuerySet
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, oldest_first
from paktaleem.foundation.tenancy.tables import EDIT, Scope, TablePolicy, classify
from retention.schedule.resolution import PERIOD_PATTERN

_OPEN = Q(lifted_at=None)
_EASTERNMOST = timedelta(hours=14)
"""Offset from UTC of the first place where a day begins."""


class HoldKind(models.TextChoices):
    """Why data is held."""

    LEGAL = "legal", _("Legal hold")
    COMPLAINT = "complaint", _("Complaint")
    OPEN_REQUEST = "open_request", _("Open rights request")


class HoldQuerySet(TrackedQuerySet["Hold"]):
    def open(self) -> Self:
        """Return the holds that are not lifted."""
        return self.filter(_OPEN)

    def to_review_at(self, at: datetime) -> Self:
        """Return the open holds whose review day has come at ``at``, in the time zone of their client."""
        local = Func(F("client__time_zone"), Value(at), function="timezone", output_field=models.DateTimeField())
        nearly = self.open().filter(review_on__lte=(at + _EASTERNMOST).date())  # by the index
        return nearly.filter(review_on__lte=Cast(local, models.DateField()))


class Hold(TenantRow, Tracked):
    """One hold of a client's data, narrowed by the person, category and system that are set, until it is lifted.

    ``related_kind`` and ``related_id`` name the case of an app above for which it is placed.
    """

    wall = TablePolicy(EDIT, personal=classify(none="category ground lift_ground related_kind placed_kind"))
    # Without the grounds: a legal hold may rest on proceedings that its notice would harm, and names what others said
    # (GDPR Art. 15(4), 23(1)).
    copied = Copied(
        "holds",
        _("Holds of your data"),
        "kind category system=system__code review_on placed_at lifted_at",
        titles={"review_on": _("To be reviewed on")},
    )

    kind = models.CharField(max_length=16, choices=HoldKind)
    ground = models.TextField("ground in words", max_length=2000, help_text="About the case only; do not name people.")
    subject = RowKey(Subject, null=True, blank=True)
    category = models.CharField("data category", max_length=63, blank=True)
    system = RowKey(System, null=True, blank=True)
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

    objects: ClassVar = HoldQuerySet.as_manager()
    history = History()

    due = (
        Due(
            label=_("Holds to be reviewed"),
            note=_("still needed?"),
            who=Capability.MANAGE_HOLDS,
            rows=HoldQuerySet.to_review_at,
            query="progress=to_review_at",
            on="review_on",
            severity=Severity.OVERDUE,
        ),
    )

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
        return str(self.get_kind_display())

    @property
    def is_open(self) -> bool:
        return self.lifted_at is None

    def is_to_review(self, at: datetime) -> bool:
        """Return True if the hold is open and its review day has come at ``at``, in the client's time zone."""
        return self.is_open and self.review_on <= self.client.day_at(at)


class Trigger(models.TextChoices):
    """The event from which a retention period is counted."""

    ACCOUNT_CLOSED = "account_closed", _("Account closed")
    AGREEMENT_ENDED = "agreement_ended", _("Service agreement ended")
    CONSENT_WITHDRAWN = "consent_withdrawn", _("Consent withdrawn or ended")
    LAST_ACTIVITY = "last_activity", _("Last activity")
    COLLECTED = "collected", _("Last collection")
    FIXED_DAY = "fixed_day", _("A fixed day")
    SCHOOL_YEAR_ENDED = "school_year_ended", _("End of the school year")


class Disposal(models.TextChoices):
    """The act that follows the end of a period (policy §4)."""

    DELETE = "delete", _("Delete")
    ANONYMISE = "anonymise", _("Anonymise")


class AnonymisationMethod(models.TextChoices):
    """How data is anonymised."""

    DROP = "drop", _("Drop what identifies the person")
    GENERALISE = "generalise", _("Generalise to groups")
    KEYED_PSEUDONYM = "keyed_pseudonym", _("Pseudonym whose key is destroyed")


def _is_period(field: str) -> Q:
    return Q(**{f"{field}__regex": PERIOD_PATTERN}) & Q(**{f"{field}__regex": "[1-9]"})


def _period_check(field: str, *, may_be_empty: bool) -> models.CheckConstraint:
    condition = _is_period(field) | Q(**{field: ""}) if may_be_empty else _is_period(field)
    return models.CheckConstraint(
        condition=condition,
        name=f"retentionrule_{field}_is_positive",
        violation_error_message=_("Write a period above zero, such as P90D, P6M, P1Y or P1Y6M."),
    )


class RetentionRule(PeriodRow):
    """How long data of a category is kept for a purpose after a trigger, and what happens then (policy §4).

    A client's own rule takes precedence over PakTaleem's, inside PakTaleem's ``minimum`` and ``maximum``. ``role`` is
    empty for every role. Of two rules with the same scope, the one that started last applies.
    """

    change_capability = Capability.MANAGE_RETENTION

    wall = TablePolicy(
        EDIT, Scope.CATALOGUE, personal=classify(none="category period minimum maximum ground_en ground_ur")
    )

    category = models.CharField("data category", max_length=63, validators=[code_validator])
    purpose = RowKey(Purpose)
    purpose_owner = catalogue_owner()
    role = models.CharField(max_length=16, choices=ROLES, blank=True, help_text="Leave empty for every role.")
    trigger = models.CharField("counted from", max_length=24, choices=Trigger)
    fixed_on = models.DateField("fixed day", null=True, blank=True, help_text="Only if counted from a fixed day.")
    period = models.CharField(
        max_length=16, help_text="ISO 8601: P90D (days), P6M (months), P1Y (years), P1Y6M. Above zero."
    )
    action = models.CharField("then", max_length=16, choices=Disposal)
    method = models.CharField(
        max_length=24, choices=AnonymisationMethod, blank=True, help_text="Only if the data is anonymised."
    )
    is_automatic = models.BooleanField(
        "dispose without review",
        default=False,
        db_default=False,
        help_text="What is due is disposed of without a review, unless it is more than one person may approve.",
    )
    ground_en = models.CharField("ground (English)", max_length=500, help_text="Why this long: published.")
    ground_ur = models.CharField("ground (Urdu)", max_length=500)
    minimum = models.CharField(
        max_length=16, blank=True, help_text="Shared rules only: no client may keep the data for less."
    )
    maximum = models.CharField(
        max_length=16, blank=True, help_text="Shared rules only: no client may keep the data for longer."
    )

    history = History()

    class Meta:
        verbose_name = "retention rule"
        ordering = ["category", "purpose__code", "role", "-starts_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "category", "purpose", "role", "starts_at"],
                name="retentionrule_one_per_start",
                violation_error_message=_("A rule with the same scope starts on this day: choose another start."),
            ),
            _period_check("period", may_be_empty=False),
            _period_check("minimum", may_be_empty=True),
            _period_check("maximum", may_be_empty=True),
            models.CheckConstraint(
                condition=Q(trigger=Trigger.FIXED_DAY, fixed_on__isnull=False)
                | (~Q(trigger=Trigger.FIXED_DAY) & Q(fixed_on=None)),
                name="retentionrule_fixed_day",
                violation_error_message=_("Name the fixed day if, and only if, the period is counted from one."),
            ),
            models.CheckConstraint(
                condition=Q(action=Disposal.ANONYMISE) & ~Q(method="") | Q(action=Disposal.DELETE, method=""),
                name="retentionrule_method",
                violation_error_message=_("Name the method if, and only if, the data is anonymised."),
            ),
            period_is_ordered("retentionrule_period_of_force"),
        ]
        indexes = newest_first("starts_at", "retentionrule_by_start")

    def __str__(self) -> str:
        return f"{self.category} · {self.purpose.code} · {self.period}"

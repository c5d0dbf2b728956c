"""Retention rules: how long data of a category is kept for a purpose."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.register.models.purposes import ROLES, Purpose
from consent.register.models.rows import PeriodRow, catalogue_owner, period_is_ordered
from paktaleem.foundation.accounts.models import code_validator
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import History
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.table_policy import EDIT, Personal, Scope, TablePolicy
from retention.schedule.periods import PERIOD_PATTERN


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


def _period_check(field: str, *, may_be_empty: bool) -> Any:
    """Return a constraint that a column is a positive ISO 8601 period."""
    condition = _is_period(field) | Q(**{field: ""}) if may_be_empty else _is_period(field)
    return models.CheckConstraint(
        condition=condition,
        name=f"retentionrule_{field}_is_positive",
        violation_error_message=_("Write a period above zero, such as P90D, P6M, P1Y or P1Y6M."),
    )


class RetentionRule(PeriodRow):
    """One rule: how long data of a category is kept for a purpose after a trigger, and what happens then (policy §4).

    PakTaleem's rules are shared; a client's own rule takes precedence, inside PakTaleem's ``minimum`` and ``maximum``.
    ``role`` is empty for every role. The rule applies from ``starts_at`` on; another rule of the same scope that starts
    later replaces it.
    """

    change_capability = Capability.MANAGE_RETENTION

    wall = TablePolicy(
        Scope.CATALOGUE,
        EDIT,
        personal=dict.fromkeys(("category", "period", "minimum", "maximum", "ground_en", "ground_ur"), Personal.NONE),
    )

    category = models.CharField("data category", max_length=63, validators=[code_validator])
    purpose = models.ForeignKey(Purpose, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
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
        """Return the category, the purpose's code and the period."""
        return f"{self.category} · {self.purpose.code} · {self.period}"

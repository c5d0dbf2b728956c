"""Counts of each week, without people."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.tenancy.models import TenantRow
from paktaleem.foundation.tenancy.tables import EDIT, Personal, Scope, TablePolicy


class Measure(models.TextChoices):
    """Kind of a count. Its codes are purposes, in time or late, reasons of decisions, or ages."""

    CONSENT_GIVEN = "consent_given", _("Consents given")
    CONSENT_WITHDRAWN = "consent_withdrawn", _("Consents withdrawn")
    ANSWERED = "answered", _("Rights requests answered")
    DECISION = "decision", _("Recorded decisions")
    HOLDING_AGE = "holding_age", _("Holdings by age")


class WeeklyCount(TenantRow):
    """One number of a client and week: how many of a measure and code. It names no person.

    ``week`` is its Monday in the client's time zone. A week is counted again until it is over; holdings are those
    of the last count in the week.
    """

    wall = TablePolicy(Scope.TENANT, EDIT, personal={"measure": Personal.NONE, "code": Personal.NONE})

    week = models.DateField()
    measure = models.CharField(max_length=20, choices=Measure)
    code = models.CharField(max_length=64)
    number = models.PositiveBigIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        ordering = ["-week", "measure", "code"]
        constraints = [
            models.UniqueConstraint(fields=["client", "week", "measure", "code"], name="weeklycount_once"),
        ]
        indexes = [models.Index(fields=["week"], name="weeklycount_by_week")]

    def __str__(self) -> str:
        return f"{self.week:%Y-%m-%d} {self.get_measure_display()}"

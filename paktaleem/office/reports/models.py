"""Counts of each week, without people."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.tenancy.models import TenantRow, unique_in_client
from paktaleem.foundation.tenancy.tables import EDIT, Scope, TablePolicy, classify


class Measure(models.TextChoices):
    """A kind of number that is counted."""

    CONSENTS = "consents", _("Consents given and withdrawn")
    ANSWERS = "answers", _("Rights requests answered in time")
    DECISIONS = "decisions", _("Recorded decisions")
    HOLDINGS = "holdings", _("Holdings by age")


class WeeklyCount(TenantRow):
    """One number of a client and week. It names no person.

    ``week`` is its Monday in the client's time zone; ``code`` is the part of the measure, such as ``given``. A week is
    counted again until it is over; holdings are those of the last count in the week.
    """

    wall = TablePolicy(Scope.TENANT, EDIT, personal=classify(none="measure code"))

    week = models.DateField()
    measure = models.CharField(max_length=16, choices=Measure)
    code = models.CharField(max_length=16)
    number = models.PositiveBigIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        ordering = ["-week", "measure", "code"]
        constraints = [unique_in_client("weekly_once", "week", "measure", "code")]
        indexes = [models.Index(fields=["week"], name="weekly_by_week")]

    def __str__(self) -> str:
        return f"{self.week:%Y-%m-%d} {self.get_measure_display()}"

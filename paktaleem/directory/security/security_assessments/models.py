"""Security assessments of PakTaleem's systems, each with its report and the day by which the next one takes place."""

from datetime import date, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.files.services import SealedDocument
from paktaleem.foundation.accounts.due import Due, Severity
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.encryption.wrapped_secrets import row_keys
from paktaleem.foundation.tenancy.models import RowKey
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.tenancy.tables import EDIT, TablePolicy, classify
from paktaleem.foundation.text.times import isolate

_SOON = timedelta(days=14)


def get_staff_day(at: datetime) -> date:
    """Return the day of PakTaleem's staff at a time (``STAFF_TIME_ZONE``)."""
    return at.astimezone(ZoneInfo(settings.STAFF_TIME_ZONE)).date()


class AssessmentKind(models.TextChoices):
    PENETRATION_TEST = "penetration_test", _("Penetration test")
    VULNERABILITY_SCAN = "vulnerability_scan", _("Vulnerability scan")
    REVIEW = "review", _("Review of code or configuration")
    AUDIT = "audit", _("Audit")
    DPIA = "dpia", _("Security part of an impact assessment")


class AssessmentQuerySet(models.QuerySet["SecurityAssessment"]):
    """Query set of assessments. The latest one of each kind says when the next one is due."""

    def _latest(self) -> Self:
        own = SecurityAssessment.objects.filter(client_id=PAKTALEEM)
        latest = own.order_by("kind", "-done_on", "-added_at").distinct("kind")
        return self.filter(pk__in=latest.values("pk"))

    def due_soon(self, at: datetime) -> Self:
        """Return the assessments whose next one is due within two weeks, but not yet."""
        today = get_staff_day(at)
        return self._latest().filter(next_on__gt=today, next_on__lte=today + _SOON)

    def overdue(self, at: datetime) -> Self:
        """Return the assessments whose next one is due."""
        return self._latest().filter(next_on__lte=get_staff_day(at))


class SecurityAssessment(SealedDocument):
    """One assessment of PakTaleem's security, with its sealed report and the last day for the next one of its kind."""

    wall = TablePolicy(EDIT, personal=classify(none="kind scope done_by file_kind", credential="wrapped"))

    client = RowKey(Client, editable=False, default=PAKTALEEM)
    kind = models.CharField(max_length=24, choices=AssessmentKind)
    scope = models.TextField(max_length=4000, help_text=_("What was assessed, and how. Do not name people."))
    done_by = models.CharField(
        "done by", max_length=200, help_text=_("The company or team, and if it is independent. Do not name people.")
    )
    done_on = models.DateField("last day")
    next_on = models.DateField(
        "next due", help_text=_("When the next assessment of this kind takes place at the latest.")
    )

    objects = AssessmentQuerySet.as_manager()

    due = (
        Due(
            label=_("Security assessments overdue"),
            note=_("the next one of this kind"),
            who=Capability.SUPERVISE,
            rows=AssessmentQuerySet.overdue,
            query="progress=overdue",
            on="next_on",
            severity=Severity.OVERDUE,
        ),
        Due(
            label=_("Security assessments"),
            note=_("the next one of this kind"),
            who=Capability.SUPERVISE,
            rows=AssessmentQuerySet.due_soon,
            query="progress=due_soon",
            on="next_on",
        ),
    )

    class Meta:
        verbose_name = "security assessment"
        verbose_name_plural = "security assessments"
        ordering = ["-done_on", "-added_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(client_id=PAKTALEEM), name="securityassessment_of_paktaleem"),
            models.CheckConstraint(condition=~Q(scope="") & ~Q(done_by=""), name="securityassessment_described"),
            models.CheckConstraint(
                condition=Q(next_on__gt=F("done_on")),
                name="securityassessment_next_is_later",
                violation_error_message=_("Choose a day after the assessment."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {isolate(self.done_on.isoformat())}"


REPORT_KEYS = row_keys(SecurityAssessment)

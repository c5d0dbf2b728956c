"""Impact assessments of purposes (GDPR Art. 35)."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consent.register.models.purposes import Purpose, RegisterRow, catalogue_owner
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import History
from paktaleem.foundation.tenancy.models import RowKey, oldest_first
from paktaleem.foundation.tenancy.tables import EDIT, Scope, TablePolicy, classify


class AssessmentOutcome(models.TextChoices):
    """Result of an impact assessment."""

    LOW = "low", _("Low risk")
    MITIGATED = "mitigated", _("Risks reduced by measures")
    HIGH = "high", _("High remaining risk: ask the authority first")


class ImpactAssessment(RegisterRow):
    """One impact assessment of a purpose (GDPR Art. 35); a client's own takes precedence over PakTaleem's."""

    change_capability = Capability.MANAGE_REGISTER

    wall = TablePolicy(Scope.CATALOGUE, EDIT, personal=classify(none="reference outcome summary"))

    purpose = RowKey(Purpose)
    purpose_owner = catalogue_owner()
    reference = models.CharField("document", max_length=200, help_text=_("Where the assessment is written down."))
    outcome = models.CharField("result", max_length=16, choices=AssessmentOutcome)
    summary = models.TextField(max_length=2000, help_text=_("Risks and measures in short. Do not name people."))
    done_on = models.DateField("day of the assessment")
    review_on = models.DateField("review day")

    history = History()

    class Meta:
        verbose_name = "impact assessment"
        ordering = ["review_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "purpose"],
                name="impactassessment_one_per_purpose",
                violation_error_message=_("This purpose has an assessment already: review it there."),
            ),
            models.CheckConstraint(
                condition=Q(review_on__gt=F("done_on")),
                name="impactassessment_review_is_later",
                violation_error_message=_("The review day must be after the day of the assessment."),
            ),
        ]
        indexes = oldest_first("review_on", "impactassessment_by_review")

    def __str__(self) -> str:
        return self.reference

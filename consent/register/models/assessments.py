"""Assessments of purposes and recipients, without which decisions deny."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consent.register.models.agreements import Recipient
from consent.register.models.purposes import Purpose, RegisterRow
from paktaleem.foundation.accounts.due import Due, Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import History, TrackedQuerySet
from paktaleem.foundation.tenancy.models import RowKey, oldest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import EDIT, Scope, TablePolicy, classify

_DUE_SOON = timedelta(days=30)


class AssessmentKind(models.TextChoices):
    """Subject of an assessment; each kind has a questionnaire."""

    AUTOMATED = "automated", _("Automated decision or profiling (Art. 15(1)(h) and 22)")
    IMPACT = "impact", _("Impact on people (Art. 35)")
    TRANSFER = "transfer", _("Transfer to another country (Art. 46)")
    PROVIDER = "provider", _("Audit of a provider (Art. 28(3)(h))")


OF_RECIPIENTS = (AssessmentKind.TRANSFER, AssessmentKind.PROVIDER)
"""The kinds whose subject is a recipient."""
WITHOUT_RISK = (AssessmentKind.AUTOMATED, AssessmentKind.PROVIDER)
"""The kinds that do not name the risk that remains."""


class ResidualRisk(models.TextChoices):
    """The risk that remains with the measures."""

    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High: ask the authority before it begins (Art. 36)")


class AssessmentQuerySet(TrackedQuerySet["Assessment"]):
    def current(self) -> Self:
        """Reviewed assessments that no later one replaced."""
        return self.filter(replaced_at=None).exclude(reviewed_at=None)

    def to_repeat(self, at: datetime) -> Self:
        """Assessments whose next review is due within 30 days."""
        return self.current().filter(review_on__lte=(at + _DUE_SOON).date())


class Assessment(RegisterRow):
    """One assessment of a purpose, of the transfer to a recipient, or audit of one, by the client that owns that row.

    It counts from ``reviewed_at``, when a second person approved it, until ``replaced_at``, when they approved a later
    one; if the remaining risk is high, only from ``consulted_at``, when the authority's answer was recorded. It covers
    the criteria of risk, or the countries, in ``covers``. ``answers`` are the answers by name of the ``questionnaire``
    of that version.
    """

    wall = TablePolicy(
        EDIT,
        Scope.CATALOGUE,
        personal=classify(none="questionnaire covers answers authority reference"),
    )

    kind = models.CharField(max_length=16, choices=AssessmentKind)
    purpose = RowKey(Purpose, null=True)
    recipient = RowKey(Recipient, null=True)
    covers = ArrayField(models.CharField(max_length=63), default=list)
    questionnaire = models.CharField("version of the questionnaire", max_length=16)
    answers = models.JSONField()
    residual_risk = models.CharField("remaining risk", max_length=8, choices=ResidualRisk, blank=True)
    review_on = models.DateField("next review")
    answered_at = models.DateTimeField("answered")
    answered_by = models.UUIDField()
    reviewed_at = models.DateTimeField("approved", null=True)
    reviewed_by = models.UUIDField(null=True)
    replaced_at = models.DateTimeField("replaced", null=True)
    authority = models.CharField(max_length=200, blank=True)
    reference = models.CharField("reference of the authority's answer", max_length=200, blank=True)
    consulted_at = models.DateTimeField("consultation recorded", null=True)

    objects: ClassVar = AssessmentQuerySet.as_manager()
    history = History()

    due = (
        Due(
            label=_("Assessments to approve"),
            note=_("they count once a second person approves them"),
            who=Capability.DECIDE_FOR_CLIENT,
            rows=Q(reviewed_at=None),
            query="progress=unreviewed",
            since="answered_at",
        ),
        Due(
            label=_("Assessments to review again"),
            note=_("within 30 days"),
            who=Capability.MANAGE_REGISTER,
            rows=AssessmentQuerySet.to_repeat,
            query="progress=to_repeat",
            on="review_on",
        ),
        Due(
            label=_("Authorities to consult"),
            note=_("the remaining risk is high; nothing is done until the authority’s answer is recorded"),
            who=Capability.DECIDE_FOR_CLIENT,
            rows=Q(residual_risk=ResidualRisk.HIGH, consulted_at=None, replaced_at=None, reviewed_at__isnull=False),
            query="progress=to_consult",
            since="reviewed_at",
            severity=Severity.URGENT,
        ),
    )

    class Meta:
        ordering = ["-answered_at", "-id"]
        constraints = [
            unique_in_client("assessment_one_draft_of_purpose", "kind", "purpose", where=Q(reviewed_at=None)),
            unique_in_client("assessment_one_draft_of_recipient", "kind", "recipient", where=Q(reviewed_at=None)),
            models.CheckConstraint(
                condition=Q(kind__in=OF_RECIPIENTS, purpose=None, recipient__isnull=False)
                | (~Q(kind__in=OF_RECIPIENTS) & Q(purpose__isnull=False, recipient=None)),
                name="assessment_of_its_kind_of_row",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=WITHOUT_RISK, residual_risk="")
                | (~Q(kind__in=WITHOUT_RISK) & ~Q(residual_risk="")),
                name="assessment_names_the_risk",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_at=None, reviewed_by=None)
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False) & ~Q(reviewed_by=F("answered_by")),
                name="assessment_reviewed_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(consulted_at=None) | (Q(consulted_at__gte=F("reviewed_at")) & ~Q(reference="")),
                name="assessment_consulted_after_review",
            ),
        ]
        indexes = oldest_first("review_on", "assessment_by_review", condition=Q(replaced_at=None))

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"

    @property
    def subject(self) -> Purpose | Recipient:
        """The row that is assessed."""
        found = self.purpose or self.recipient
        if found is None:
            raise ValueError("An assessment is of a purpose or of a recipient.")
        return found

    @property
    def counts_from(self) -> datetime | None:
        """When it comes into force; None: not yet."""
        return self.consulted_at if self.residual_risk == ResidualRisk.HIGH else self.reviewed_at

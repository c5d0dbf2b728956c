"""Security assessments, their reports and findings, accepted risks and reminders; all rows are PakTaleem's own."""

from datetime import date, datetime
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.files.documents import SealedDocument
from paktaleem.directory.files.kinds import FileKind
from paktaleem.directory.security.security_assessments.deadlines import SOON
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange, second_person_constraints
from paktaleem.foundation.audit.history import History, Tracked, TrackedQuerySet
from paktaleem.foundation.encryption.row_keys import row_keys
from paktaleem.foundation.tenancy.indexes import newest_first, oldest_first
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, Personal, Scope, TablePolicy
from paktaleem.foundation.text.times import format_date, isolate

_NONE = Personal.NONE
_LONGEST = 4000
_OPEN = Q(mended_on=None)
_LATEST = Q(followed_on=None)


def get_staff_day(at: datetime) -> date:
    """Return the day of PakTaleem's staff at a time (``STAFF_TIME_ZONE``)."""
    return at.astimezone(ZoneInfo(settings.STAFF_TIME_ZONE)).date()


class AssessmentKind(models.TextChoices):
    """Kind of a security assessment."""

    PENETRATION_TEST = "penetration_test", _("Penetration test")
    VULNERABILITY_SCAN = "vulnerability_scan", _("Vulnerability scan")
    REVIEW = "review", _("Review of code or configuration")
    AUDIT = "audit", _("Audit")
    DPIA = "dpia", _("Security part of an impact assessment")


class FindingSeverity(models.TextChoices):
    """Severity of a finding, which decides how soon it is mended (``DAYS_TO_MEND``)."""

    CRITICAL = "critical", _("Critical: 7 days")
    HIGH = "high", _("High: 30 days")
    MEDIUM = "medium", _("Medium: 90 days")
    LOW = "low", _("Low: 180 days")


class AssessmentQuerySet(TrackedQuerySet["SecurityAssessment"]):
    """Query set of assessments. The next one is due while no later assessment of the same kind is recorded."""

    def due_soon(self, at: datetime) -> Self:
        """Return the assessments whose next one is due within two weeks, but not yet."""
        today = get_staff_day(at)
        return self.filter(_LATEST, next_on__gt=today, next_on__lte=today + SOON)

    def overdue(self, at: datetime) -> Self:
        """Return the assessments whose next one is due."""
        return self.filter(_LATEST, next_on__lte=get_staff_day(at))


class FindingQuerySet(TrackedQuerySet["Finding"]):
    """Query set of findings."""

    def open(self) -> Self:
        """Return the findings that are not mended, also those whose risk is accepted."""
        return self.filter(_OPEN)

    def due_soon(self, at: datetime) -> Self:
        """Return the open findings that are due within two weeks, but not yet."""
        today = get_staff_day(at)
        return self.filter(_OPEN, due_on__gte=today, due_on__lte=today + SOON)

    def overdue(self, at: datetime) -> Self:
        """Return the open findings whose day has passed."""
        return self.filter(_OPEN, due_on__lt=get_staff_day(at))

    def accepted(self, at: datetime) -> Self:
        """Return the open findings whose risk is accepted until a later day."""
        return self.filter(_OPEN, accepted_until__gte=get_staff_day(at))


class OfPakTaleem(models.Model):
    """Abstract base: columns of every row, which belongs to PakTaleem, so that no client sees it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(
        Client, models.PROTECT, related_name="+", db_constraint=False, db_index=False, editable=False, default=PAKTALEEM
    )

    class Meta:
        abstract = True


def _of_paktaleem(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(client_id=PAKTALEEM), name=f"{name}_of_paktaleem")


class SecurityAssessment(OfPakTaleem, Tracked):
    """One assessment of PakTaleem's security, and the day by which the next one of its kind takes place.

    ``systems`` are codes; empty for all. ``followed_on`` is the day on which a later assessment of the same kind was
    recorded. The texts name no one.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal=dict.fromkeys(("kind", "scope", "systems", "done_by"), _NONE),
    )

    kind = models.CharField(max_length=24, choices=AssessmentKind)
    scope = models.TextField(max_length=_LONGEST, help_text=_("What was assessed, and how. Do not name people."))
    systems = ArrayField(
        models.CharField(max_length=63),
        blank=True,
        default=list,
        help_text=_("Leave all empty if every system is concerned."),
    )
    done_by = models.CharField(
        "done by",
        max_length=200,
        help_text=_("The company or team, and if it is independent. Do not name people."),
    )
    starts_on = models.DateField("first day")
    ends_on = models.DateField("last day")
    next_on = models.DateField(
        "next due", help_text=_("When the next assessment of this kind takes place at the latest.")
    )
    followed_on = models.DateField("followed by a later one", null=True, editable=False)
    recorded_at = models.DateTimeField("recorded", editable=False)

    objects: ClassVar[Any] = AssessmentQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = "security assessment"
        verbose_name_plural = "security assessments"
        ordering = ["-recorded_at", "-id"]
        constraints = [
            _of_paktaleem("securityassessment"),
            models.CheckConstraint(condition=~Q(scope="") & ~Q(done_by=""), name="securityassessment_described"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="securityassessment_period"),
            models.CheckConstraint(condition=Q(next_on__gt=F("ends_on")), name="securityassessment_next_is_later"),
            models.UniqueConstraint(fields=["client", "kind"], condition=_LATEST, name="securityassessment_one_latest"),
        ]
        indexes = [
            *newest_first("recorded_at", "securityassessment_by_time"),
            *oldest_first("next_on", "securityassessment_by_next", condition=_LATEST),
        ]

    def __str__(self) -> str:
        """Return kind and last day."""
        return f"{self.get_kind_display()} · {isolate(self.ends_on.isoformat())}"


class AssessmentReport(OfPakTaleem, SealedDocument):
    """One report of an assessment: a file sealed under a key of its own, as it describes weaknesses."""

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal={"file_kind": _NONE, "wrapped": Personal.SECRET},
    )

    assessment = models.ForeignKey(
        SecurityAssessment, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        ordering = ["-added_at", "-id"]
        constraints = [_of_paktaleem("assessmentreport")]
        indexes = [models.Index(fields=["client", "assessment"], name="assessmentreport_of")]

    def __str__(self) -> str:
        """Return type and day."""
        return f"{self.kind_name} · {format_date(self.added_at)}"

    @property
    def kind_name(self) -> str:
        """Return the name of the file's type; the file itself is stored as one of any type."""
        return str(FileKind(self.file_kind).label)


REPORT_KEYS = row_keys(AssessmentReport)


class Finding(OfPakTaleem, Tracked):
    """One weakness that an assessment found, and the day by which it is mended.

    ``due_on`` follows from the severity; a lower severity does not move it. A second officer may accept the risk, which
    moves it to ``accepted_until``. ``mended_on`` and ``remediation`` are set once it is mended. The texts name no one.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal=dict.fromkeys(("title", "description", "team", "remediation", "severity"), _NONE),
    )

    assessment = models.ForeignKey(
        SecurityAssessment, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    title = models.CharField(max_length=200)
    description = models.TextField(max_length=_LONGEST)
    severity = models.CharField(max_length=16, choices=FindingSeverity)
    team = models.CharField("team that mends it", max_length=200)
    found_on = models.DateField("found on")
    due_on = models.DateField("due")
    accepted_until = models.DateField("risk accepted until", null=True)
    mended_on = models.DateField("mended on", null=True)
    remediation = models.TextField(max_length=_LONGEST, blank=True)
    recorded_at = models.DateTimeField("recorded")

    objects: ClassVar[Any] = FindingQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = "finding of a security assessment"
        verbose_name_plural = "findings of security assessments"
        ordering = ["-recorded_at", "-id"]
        constraints = [
            _of_paktaleem("finding"),
            models.CheckConstraint(condition=~Q(title="") & ~Q(description="") & ~Q(team=""), name="finding_described"),
            models.CheckConstraint(condition=Q(due_on__gt=F("found_on")), name="finding_due_later"),
            models.CheckConstraint(
                condition=Q(accepted_until=None) | Q(due_on=F("accepted_until")), name="finding_due_when_accepted_ends"
            ),
            models.CheckConstraint(
                condition=Q(mended_on=None, remediation="") | (Q(mended_on__isnull=False) & ~Q(remediation="")),
                name="finding_mended_says_how",
            ),
        ]
        indexes = [
            *newest_first("recorded_at", "finding_by_time"),
            *oldest_first("due_on", "finding_by_due", condition=_OPEN),
            models.Index(fields=["client", "assessment"], name="finding_of_assessment"),
        ]

    def __str__(self) -> str:
        """Return the title."""
        return self.title

    @property
    def is_open(self) -> bool:
        """Return True if it is not mended."""
        return self.mended_on is None


class RiskAcceptance(OfPakTaleem, RequestedChange):
    """One request to accept the risk of a finding until a day, for a second officer."""

    wall = TablePolicy(
        Scope.TENANT,
        EDIT,
        personal={"ground": _NONE, "requested_kind": _NONE},
    )

    finding = models.ForeignKey(Finding, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    ground = models.TextField("ground in words", max_length=2000)
    until = models.DateField("until")

    class Meta:
        verbose_name = "acceptance of a risk"
        verbose_name_plural = "acceptances of risks"
        ordering = ["-requested_at", "-id"]
        constraints = [
            _of_paktaleem("riskacceptance"),
            *second_person_constraints("riskacceptance"),
            models.CheckConstraint(condition=~Q(ground=""), name="riskacceptance_has_a_ground"),
            models.UniqueConstraint(
                fields=["client", "finding"], condition=Q(state=ChangeState.WAITING), name="riskacceptance_one_waiting"
            ),
        ]
        indexes = [
            *newest_first("requested_at", "riskacceptance_by_time"),
            models.Index(fields=["client", "finding"], name="riskacceptance_of_finding"),
        ]

    def __str__(self) -> str:
        """Return the last day."""
        return gettext("Risk accepted until {day}").format(day=isolate(self.until.isoformat()))


class AssessmentReminder(OfPakTaleem):
    """One stage of the reminders of a finding's day, or of the next assessment's, at which officers were emailed."""

    wall = TablePolicy(Scope.TENANT, APPEND)

    about = models.UUIDField()
    due_on = models.DateField()
    stage = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            _of_paktaleem("assessmentreminder"),
            models.UniqueConstraint(fields=["client", "about", "due_on", "stage"], name="assessmentreminder_once"),
        ]

    def __str__(self) -> str:
        """Return the day."""
        return self.due_on.isoformat()

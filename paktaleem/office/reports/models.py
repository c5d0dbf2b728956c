"""Counts of each week and findings about the use of data, without people; and packs for regulators."""

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.decided import Decided, has_ground_if_decided
from paktaleem.foundation.accounts.due import Due
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.certificates import IssuedCertificate
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, newest_first, oldest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, EDIT, TablePolicy, classify


class Measure(models.TextChoices):
    """A kind of number that is counted."""

    CONSENTS = "consents", _("Consents given and withdrawn")
    ANSWERS = "answers", _("Rights requests answered in time")
    QUESTIONS = "questions", _("Questions that systems asked")
    DECISIONS = "decisions", _("Recorded decisions")
    HOLDINGS = "holdings", _("Holdings by age")


class WeeklyCount(TenantRow):
    """One number of a client and week. It names no person.

    ``week`` is its Monday in the client's time zone; ``code`` is the part of the measure, such as ``given``. A week is
    counted again until it is over; holdings are those of the last count in the week.
    """

    wall = TablePolicy(EDIT, personal=classify(none="measure code"))

    week = models.DateField()
    measure = models.CharField(max_length=16, choices=Measure)
    code = models.CharField(max_length=16)
    number = models.PositiveBigIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        ordering = ["-week", "measure", "code"]
        constraints = [unique_in_client("weekly_once", "week", "measure", "code")]
        indexes = [models.Index(fields=["week"], name="weekly_by_week")]


class FindingKind(models.TextChoices):
    """A difference between what systems did and what they asked."""

    NOT_ASKED = "not_asked", _("No permitted question before it")
    DENIED = "denied", _("Done after a denial")
    NEVER_ASKS = "never_asks", _("A key that never asks")
    UNUSUAL = "unusual", _("An unusual hour or volume")


class FindingSource(models.TextChoices):
    """Subject of a finding: reports of a system, or a key."""

    COLLECTION = "collection", _("Collection")
    DISCLOSURE = "disclosure", _("Disclosure")
    KEY = "key", _("API key")


class UseDecision(models.TextChoices):
    """A decision of staff: the action taken about a finding."""

    EXPLAINED = "explained", _("Explained")
    MENDED = "mended", _("The system now asks and obeys")
    ERASED = "erased", _("The data has been erased")
    STOPPED = "stopped", _("The key or the system has been stopped")


_UNDECIDED = Q(decided_at=None)


class UseFinding(Decided):
    """One finding about the use of data, on each day from ``first_on`` to ``last_on`` on which it was found.

    ``source`` is the name of the system or key then, empty for reports without a system; ``number`` are the reports or
    questions of the last day.
    """

    wall = TablePolicy(EDIT, personal=classify(none="kind what source purpose decision ground decided_role"))

    kind = models.CharField("finding", max_length=16, choices=FindingKind)
    what = models.CharField("about", max_length=16, choices=FindingSource)
    source_id = models.UUIDField(null=True)
    source = models.CharField("system or key", max_length=200, blank=True)
    purpose = models.CharField(max_length=63, blank=True)
    number = models.PositiveBigIntegerField()
    first_on = models.DateField("first day")
    last_on = models.DateField("last day")
    found_at = models.DateTimeField("found")
    decision = models.CharField(max_length=16, choices=UseDecision, blank=True, default="", db_default="")

    due = (
        Due(
            label=_("Findings about the use of data"),
            note=_("a system did not ask or obey, or a key asked unusually often"),
            who=Capability.VIEW_CLIENT_RECORDS,
            rows=_UNDECIDED,
            query="progress=undecided",
            since="found_at",
        ),
    )

    class Meta:
        verbose_name = "finding about the use of data"
        verbose_name_plural = "findings about the use of data"
        ordering = ["-found_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "kind", "what", "source_id", "purpose"],
                condition=_UNDECIDED,
                nulls_distinct=False,
                name="usefinding_one_open",
            ),
            models.CheckConstraint(condition=Q(first_on__lte=F("last_on")), name="usefinding_days"),
            has_ground_if_decided("usefinding_decided_with_ground"),
        ]
        indexes = [
            *newest_first("found_at", "usefinding_by_time"),
            *oldest_first("found_at", "usefinding_open", condition=_UNDECIDED),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.source or '—'}"

    @property
    def about(self) -> tuple[str, str, UUID | None, str]:
        """The values that tell findings apart: those of two days with the same are one."""
        return (self.kind, self.what, self.source_id, self.purpose)


class PackState(models.TextChoices):
    GATHERING = "gathering", _("Being gathered")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Could not be gathered")


class RegulatorPack(TenantRow):
    """One pack about a client and a period, requested by a user and gathered by the worker, section by section.

    The days are those of the client's time zone; both belong to the period. ``parts`` are the sections gathered so
    far, ``done`` their number; both are about counts and cases, not about people.
    """

    wall = TablePolicy(EDIT, personal=classify(none="state parts reason_code requested_role"))

    since_on = models.DateField("from", help_text="The first day of the period.")
    until_on = models.DateField("up to and including", help_text="The last day of the period.")
    state = models.CharField(max_length=16, choices=PackState, default=PackState.GATHERING, editable=False)
    parts = models.JSONField(default=dict, editable=False)
    done = models.PositiveSmallIntegerField(default=0, editable=False)
    reason_code = models.CharField(max_length=32, editable=False)
    requester_id = models.UUIDField(editable=False)
    requested_role = models.CharField(max_length=32, editable=False)
    requested_at = models.DateTimeField("requested", editable=False)
    ready_at = models.DateTimeField("ready", null=True, editable=False)

    class Meta:
        verbose_name = "pack for a regulator"
        verbose_name_plural = "packs for regulators"
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(since_on__lte=F("until_on")), name="regulatorpack_period"),
            models.CheckConstraint(
                condition=Q(state=PackState.READY, ready_at__isnull=False)
                | (~Q(state=PackState.READY) & Q(ready_at=None)),
                name="regulatorpack_ready_has_a_time",
            ),
        ]
        indexes = newest_first("requested_at", "regulatorpack_by_time")

    def __str__(self) -> str:
        return f"{self.since_on:%Y-%m-%d} – {self.until_on:%Y-%m-%d}"

    def bounds(self, time_zone: str) -> tuple[datetime, datetime]:
        """Return the start of the period and the first time after it, in the client's time zone."""
        zone = ZoneInfo(time_zone)
        after = self.until_on + timedelta(days=1)
        return datetime.combine(self.since_on, time(), zone), datetime.combine(after, time(), zone)


class PackContent(IssuedCertificate):
    """The content of one pack: canonical JSON without people, whose SHA-256 is in the ledger. Append-only."""

    wall = TablePolicy(APPEND, personal=classify(none="body sha256"))

    pack = RowKey(RegulatorPack)

    class Meta(IssuedCertificate.Meta):
        constraints = [unique_in_client("packcontent_one_per_pack", "pack")]

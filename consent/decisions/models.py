"""Changes that affect decisions, recorded by database triggers, so that every writer is covered; and the decision log.

``xact`` is the transaction that made the change. Rows are returned in the order of ``(xact, id)``, and only once no
older transaction is running (consent.decisions.selectors.changes), so that a reader cannot miss one.
"""

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.history import History, Tracked
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, unique_in_client
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.tenancy.tables import EDIT, Limited, Scope, TablePolicy, classify
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal

_PASSING = frozenset({"SELECT", "INSERT", "DELETE"})


CHANGE_FEED = DataKind(
    code="change_feed",
    name=_("Feed of changes for the learning platform"),
    counted_from=_("The change; one day more, so that every valid cursor is answered"),
    disposal=Disposal.ROWS,
    bounds=Bounds(7, 1, 90),
    margin=timedelta(days=1),
)


class SubjectChange(TenantRow):
    """One change that affects decisions about one person: answers, restrictions, objections or personal data."""

    wall = TablePolicy(
        _PASSING,
        officer=False,
        personal=classify(none="kind purpose_code"),
        disposed_as="change_feed",
        disposed_from="noted_at",
        left_out_of_copies="repeats changes for a short time, for callers that keep decisions",
        limited=Limited.JOURNAL,
    )

    xact = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    subject_id = models.UUIDField()
    purpose_code = models.CharField(max_length=63, blank=True)
    noted_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["client", "xact", "id"], name="subjectchange_in_order")]


class RegisterChange(TenantRow):
    """One transaction that changed the register of a client, or the shared catalogue (PakTaleem's rows)."""

    wall = TablePolicy(_PASSING, Scope.CATALOGUE, officer=False, disposed_as="change_feed", disposed_from="noted_at")

    xact = models.BigIntegerField()
    noted_at = models.DateTimeField()

    class Meta:
        constraints = [unique_in_client("registerchange_once_per_transaction", "xact")]


class RetentionFactKind(models.TextChoices):
    HOLD = "hold", "on hold"
    ENDED = "ended", "retention period ended"


class RetentionFact(TenantRow):
    """One fact of retention: data on hold (``source_id``) or past its period; no subject or category means each one."""

    wall = TablePolicy(
        EDIT,
        personal=classify(none="kind category"),
        left_out_of_copies="repeats holds and due days, which other sections of a copy show",
    )

    subject = RowKey(Subject, null=True)
    kind = models.CharField(max_length=8, choices=RetentionFactKind)
    category = models.CharField(max_length=63, blank=True, default="", db_default="")
    source_id = models.UUIDField(null=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            unique_in_client(
                "retentionfact_one_end", "subject", "category", where=Q(kind=RetentionFactKind.ENDED, ends_at=None)
            ),
            unique_in_client("retentionfact_one_of_hold", "source_id", where=Q(source_id__isnull=False)),
            models.CheckConstraint(
                condition=Q(kind=RetentionFactKind.HOLD, source_id__isnull=False)
                | Q(kind=RetentionFactKind.ENDED, source_id=None, subject__isnull=False),
                name="retentionfact_of_its_kind",
            ),
        ]
        indexes = [models.Index(fields=["client", "subject"], name="retentionfact_of_subject")]


class LogMode(models.TextChoices):
    """How much of a client's decisions is logged, from the least to the most."""

    OFF = "off", _("Nothing")
    COUNTS = "counts", _("Counts by hour")
    EVERY = "every", _("Every decision")


MOST_DAYS = 90
"""Days for which single decisions are kept at most."""


class DecisionLogSetting(TenantRow, Tracked):
    """How a client's decisions are logged; without a row they are counted by hour (GDPR Art. 5(2), accountability).

    ``pseudonyms`` is a part of the key of the pseudonyms: another value unlinks those logged before. ``ground`` is why
    the log was turned down.
    """

    wall = TablePolicy(EDIT, personal=classify(none="mode ground"))

    mode = models.CharField("what is logged", max_length=8, choices=LogMode, default=LogMode.COUNTS)
    days_kept = models.PositiveSmallIntegerField(
        "days kept",
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
        help_text="How many days single decisions are kept, from 1 to 90. Counts are kept longer.",
    )
    ground = models.TextField(
        max_length=2000, blank=True, help_text="Needed to log less, or for fewer days, than now. Do not name people."
    )
    pseudonyms = models.UUIDField(default=new_id, editable=False)
    every_since = models.DateTimeField("every decision since", null=True, editable=False)
    changed_at = models.DateTimeField(editable=False)

    history = History(excluded_fields=["pseudonyms"])  # or an old version would link what a new one unlinks

    class Meta:
        verbose_name = "decision log"
        verbose_name_plural = "decision logs"
        ordering = ["client", "id"]
        constraints = [
            unique_in_client("decisionlogsetting_once"),
            models.CheckConstraint(condition=Q(days_kept__range=(1, MOST_DAYS)), name="decisionlogsetting_days"),
            models.CheckConstraint(
                condition=Q(mode=LogMode.EVERY, every_since__isnull=False)
                | ~Q(mode=LogMode.EVERY) & Q(every_since=None),
                name="decisionlogsetting_since",
            ),
        ]

    def __str__(self) -> str:
        return self.get_mode_display()


class DecisionCount(TenantRow):
    """The number of decisions of one hour (UTC) with the same key, purpose, action and reason.

    ``reason`` is ``permitted`` or why it was denied. ``purpose`` and ``action`` are empty if the register does not know
    them: the log keeps no text of a caller. ``xact`` is the transaction that counted last.
    """

    wall = TablePolicy(
        EDIT | {"DELETE"},
        personal=classify(none="purpose action reason"),
        disposed_as="decision_counts",
        disposed_from="hour",
    )

    hour = models.DateTimeField()
    key_id = models.UUIDField()
    purpose = models.CharField(max_length=63, blank=True)
    action = models.CharField(max_length=8, blank=True)
    reason = models.CharField(max_length=64)
    number = models.PositiveBigIntegerField()
    xact = models.BigIntegerField()

    class Meta:
        constraints = [unique_in_client("decisioncount_once", "hour", "key_id", "purpose", "action", "reason")]
        indexes = [models.Index(fields=["client", "xact", "id"], name="decisioncount_in_order")]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.number}"


class LoggedDecision(TenantRow):
    """One decision, if the client logs every one; the table has a partition for each day (UTC).

    ``pseudonym`` are the first 128 bits of HMAC-SHA-256 of the person's id under a key that is not in the database;
    None for an unknown person. The other columns are those of ``DecisionCount``.
    """

    wall = TablePolicy(
        _PASSING,
        personal=classify(none="purpose action reason", pseudonym="pseudonym"),
        disposed_as="logged_decisions",
        left_out_of_copies="questions about a pseudonym, kept for some days; the answers are in other sections",
    )

    at = models.DateTimeField()
    key_id = models.UUIDField()
    purpose = models.CharField(max_length=63, blank=True)
    action = models.CharField(max_length=8, blank=True)
    reason = models.CharField(max_length=64)
    pseudonym = models.UUIDField(null=True)
    xact = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["client", "xact", "id"], name="loggeddecision_in_order"),
            models.Index(fields=["client", "pseudonym", "purpose", "at"], name="loggeddecision_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.reason}"

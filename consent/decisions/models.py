"""Changes that affect decisions, recorded by database triggers, so that every writer is covered.

``xact`` is the transaction that made the change. Rows are returned in the order of ``(xact, id)``, and only once no
older transaction is running (consent.decisions.selectors.changes), so that a reader cannot miss one.
"""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, unique_in_client
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
        Scope.TENANT,
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

    def __str__(self) -> str:
        return self.kind


class RegisterChange(TenantRow):
    """One transaction that changed the register of a client, or the shared catalogue (PakTaleem's rows)."""

    wall = TablePolicy(Scope.CATALOGUE, _PASSING, officer=False, disposed_as="change_feed", disposed_from="noted_at")

    xact = models.BigIntegerField()
    noted_at = models.DateTimeField()

    class Meta:
        constraints = [unique_in_client("registerchange_once_per_transaction", "xact")]

    def __str__(self) -> str:
        return str(self.xact)


class RetentionFactKind(models.TextChoices):
    """Kind of a fact of retention."""

    HOLD = "hold", "on hold"
    ENDED = "ended", "retention period ended"


class RetentionFact(TenantRow):
    """One fact of retention: data on hold (``source_id``) or past its period; no subject or category means each one."""

    wall = TablePolicy(
        Scope.TENANT,
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

    def __str__(self) -> str:
        return self.kind

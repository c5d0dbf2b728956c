"""Security events."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.security.security_events.kinds import KINDS, Severity
from paktaleem.foundation.accounts.due import Due
from paktaleem.foundation.accounts.due import Severity as DueSeverity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.models import TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import EDIT, Scope, TablePolicy, classify
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal

EVENTS = DataKind(
    code="security_events",
    name=_("Security events"),
    counted_from=_("The event"),
    disposal=Disposal.ROWS,
    bounds=Bounds(365, 90, 1_825),
)


class SeverityLabel(models.IntegerChoices):
    """How severe an event is."""

    LOW = Severity.LOW, _("low")
    MEDIUM = Severity.MEDIUM, _("medium")
    HIGH = Severity.HIGH, _("high")
    CRITICAL = Severity.CRITICAL, _("critical")


_A_WEEK = timedelta(days=7)


class SecurityEvent(TenantRow):
    """One act of the ledger that matters for security, or the refusals of one kind, source and hour.

    ``entry`` is the ledger entry. Without one, ``source`` is the id of the actor, or a keyed hash of the IP address,
    and ``hour`` the hour in which ``count`` refusals happened. The client is the actor's; PakTaleem if it is unknown.
    All times are on the system clock.
    """

    wall = TablePolicy(
        Scope.TENANT,
        EDIT | {"DELETE"},
        disposed_as="security_events",
        disposed_from="last_at",
        left_out_of_copies="about staff, keys and unknown sources of requests, by id or hash; none is a data subject",
        personal=classify(none="kind actor_kind", pseudonym="source"),
    )

    kind = models.CharField(max_length=64)
    severity = models.PositiveSmallIntegerField(choices=SeverityLabel)
    happened_at = models.DateTimeField("first time")
    last_at = models.DateTimeField("last time")
    count = models.PositiveIntegerField("times", default=1, db_default=1)
    actor_kind = models.CharField(max_length=16, blank=True, default="", db_default="")
    actor_id = models.UUIDField(null=True)
    actor_role = models.CharField(max_length=32, blank=True, default="", db_default="")
    source = models.CharField(max_length=64, blank=True, default="", db_default="")
    hour = models.DateTimeField(null=True)
    entry = models.UUIDField(null=True)
    alerted_at = models.DateTimeField("officers alerted", null=True)

    due = (
        Due(
            label=_("Security events"),
            note=_("high or critical, in the last seven days"),
            who=Capability.VIEW_SECURITY,
            rows=lambda rows, at: rows.filter(severity__gte=SeverityLabel.HIGH, happened_at__gt=at - _A_WEEK),
            query="severity=serious",
            severity=DueSeverity.URGENT,
        ),
    )

    class Meta:
        verbose_name = "security event"
        ordering = ["-happened_at", "-id"]
        constraints = [
            unique_in_client("securityevent_once_for_entry", "entry"),
            unique_in_client("securityevent_one_each_hour", "kind", "source", "hour", where=Q(entry=None)),
        ]
        indexes = [
            *newest_first("happened_at", "securityevent_by_time"),
            *newest_first("happened_at", "securityevent_by_severity", by="severity"),
            *newest_first("happened_at", "securityevent_not_alerted", condition=Q(alerted_at=None)),
        ]

    def __str__(self) -> str:
        return gettext(self.name)

    @property
    def name(self) -> str:
        """Return the English name of the kind; an unknown one by its code."""
        return KINDS[self.kind].name if self.kind in KINDS else self.kind

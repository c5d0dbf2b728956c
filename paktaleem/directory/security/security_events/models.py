"""Security events, and their kinds: names, how severe they are, and from which count officers are alerted.

Kinds with the name of an act are copied from the ledger; the others are counted for each source and hour.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, gettext_lazy as _, gettext_noop

from paktaleem.foundation.accounts.due import Due, Severity as DueSeverity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.names import ENTRY_KINDS
from paktaleem.foundation.tenancy.models import TenantRow, newest_first, unique_in_client
from paktaleem.foundation.tenancy.tables import EDIT, TablePolicy, classify
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal

EVENTS = DataKind(
    code="security_events",
    name=_("Security events"),
    counted_from=_("The event"),
    disposal=Disposal.ROWS,
    bounds=Bounds(365, 90, 1_825),
)


class Severity(models.IntegerChoices):
    """How severe an event is; a higher number is worse."""

    LOW = 1, _("low")
    MEDIUM = 2, _("medium")
    HIGH = 3, _("high")
    CRITICAL = 4, _("critical")


class EventKind(NamedTuple):
    """A kind of event. Officers are alerted if one row counts to ``alert_from``; None: they are not."""

    name: str
    severity: int
    alert_from: int | None = None


BULK_REVEALS = 50
"""Accesses to personal data by one member of staff or key within an hour that count as bulk."""

_COUNTED: Mapping[str, EventKind] = {
    "key.refused": EventKind(gettext_noop("API key refused"), Severity.MEDIUM, 100),
    "key.not_allowed": EventKind(gettext_noop("API key used beyond its scopes"), Severity.MEDIUM, 20),
    "key.not_found": EventKind(gettext_noop("API key asked for what does not exist"), Severity.LOW, 1_000),
    "staff.not_allowed": EventKind(gettext_noop("Page refused to a member of staff"), Severity.MEDIUM, 20),
    "staff.not_found": EventKind(gettext_noop("Member of staff asked for what does not exist"), Severity.LOW, 50),
    "sign_in.refused": EventKind(gettext_noop("Sign-in refused"), Severity.LOW, 20),
    "second_factor.refused": EventKind(gettext_noop("Second factor refused"), Severity.MEDIUM, 5),
    "step_up.refused": EventKind(gettext_noop("Re-authentication refused"), Severity.MEDIUM, 5),
    "signature.refused": EventKind(gettext_noop("Result of a check refused: no valid signature"), Severity.HIGH, 5),
    "limit.reached": EventKind(gettext_noop("Limit of attempts reached"), Severity.MEDIUM, 50),
    "people.revealed_in_bulk": EventKind(
        gettext_noop("Personal data of many people viewed in an hour"), Severity.HIGH, 1
    ),
}
_RECORDED = {
    entry.kind: EventKind(entry.name, severity, 1 if severity >= Severity.HIGH else None)
    for entry in ENTRY_KINDS
    if entry.severity
    for severity in [Severity[entry.severity.upper()]]
}
RECORDED_KINDS = frozenset(_RECORDED)
"""Kinds that are copied from the ledger."""
KINDS: Mapping[str, EventKind] = {**_COUNTED, **_RECORDED}
"""Every kind of event, by code."""
ALERTING = {code: kind.alert_from for code, kind in KINDS.items() if kind.alert_from is not None}
"""The kinds that alert, and from which count."""


_A_WEEK = timedelta(days=7)


class SecurityEvent(TenantRow):
    """One act of the ledger that matters for security, or the refusals of one kind, source and hour.

    Without an ``entry``, ``source`` is the id of the actor, or a keyed hash of the IP address. The client is the
    actor's; PakTaleem if it is unknown. All times are on the system clock.
    """

    wall = TablePolicy(
        EDIT | {"DELETE"},
        disposed_as="security_events",
        disposed_from="last_at",
        left_out_of_copies="about staff, keys and unknown sources of requests, by id or hash; none is a data subject",
        personal=classify(none="kind actor_kind", pseudonym="source"),
    )

    kind = models.CharField(max_length=64)
    severity = models.PositiveSmallIntegerField(choices=Severity)
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
            rows=lambda rows, at: rows.filter(severity__gte=Severity.HIGH, happened_at__gt=at - _A_WEEK),
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

"""The kinds of security events: their names, how severe they are, and from which count officers are alerted. Pure.

Kinds with the name of an act are copied from the ledger; the others are counted for each source and hour.
"""

from collections.abc import Mapping
from typing import NamedTuple

from paktaleem.foundation.audit.acts import ACT_NAMES
from paktaleem.foundation.text.marking import mark as _


class Severity:
    """How severe an event is; a higher number is worse."""

    LOW, MEDIUM, HIGH, CRITICAL = 1, 2, 3, 4


class EventKind(NamedTuple):
    """A kind of event. Officers are alerted if one row counts to ``alert_from``; None: they are not."""

    name: str
    severity: int
    alert_from: int | None = None


BULK_REVEALS = 50
"""Accesses to personal data by one member of staff or key within an hour that count as bulk."""

_COUNTED: Mapping[str, EventKind] = {
    "key.refused": EventKind(_("API key refused"), Severity.MEDIUM, 100),
    "key.not_allowed": EventKind(_("API key used beyond its scopes"), Severity.MEDIUM, 20),
    "key.not_found": EventKind(_("API key asked for what does not exist"), Severity.LOW, 1_000),
    "staff.not_allowed": EventKind(_("Page refused to a member of staff"), Severity.MEDIUM, 20),
    "staff.not_found": EventKind(_("Member of staff asked for what does not exist"), Severity.LOW, 50),
    "sign_in.refused": EventKind(_("Sign-in refused"), Severity.LOW, 20),
    "second_factor.refused": EventKind(_("Second factor refused"), Severity.MEDIUM, 5),
    "step_up.refused": EventKind(_("Re-authentication refused"), Severity.MEDIUM, 5),
    "signature.refused": EventKind(_("Result of a check refused: no valid signature"), Severity.HIGH, 5),
    "limit.reached": EventKind(_("Limit of attempts reached"), Severity.MEDIUM, 50),
    "people.revealed_in_bulk": EventKind(_("Personal data of many people viewed in an hour"), Severity.HIGH, 1),
}
_SEVERITY_OF_ACTS: Mapping[str, tuple[int, int | None]] = {
    "staff.break_glass_used": (Severity.CRITICAL, 1),
    "sign_in.locked_out": (Severity.HIGH, 1),
    "user.second_factor_reset": (Severity.HIGH, 1),
    "user.password_link_sent": (Severity.MEDIUM, None),
    "user.code_used": (Severity.MEDIUM, None),
    "user.totp_removed": (Severity.MEDIUM, None),
    "user.key_removed": (Severity.MEDIUM, None),
    "user.email_changed": (Severity.MEDIUM, None),
    "user.enabled": (Severity.MEDIUM, None),
    "staff.change_settled": (Severity.LOW, None),
    "membership.changed": (Severity.MEDIUM, None),
    "access_review.locked": (Severity.LOW, None),
    "api_key.issued": (Severity.LOW, None),
    "api_key.revoked": (Severity.LOW, None),
    "key_epoch.added": (Severity.MEDIUM, None),
    "key_epoch.destroyed": (Severity.HIGH, 1),
    "list.exported": (Severity.MEDIUM, None),
    "consent.evidence_exported": (Severity.MEDIUM, None),
    "webhook.disabled": (Severity.LOW, None),
    "system.key_let_in": (Severity.LOW, None),
}

RECORDED_KINDS = frozenset(_SEVERITY_OF_ACTS)
"""Kinds that are copied from the ledger."""
KINDS: Mapping[str, EventKind] = {
    **_COUNTED,
    **{kind: EventKind(ACT_NAMES[kind], *severity) for kind, severity in _SEVERITY_OF_ACTS.items()},
}
"""Every kind of event, by code."""
ALERTING = {code: kind.alert_from for code, kind in KINDS.items() if kind.alert_from is not None}
"""The kinds that alert, and from which count."""

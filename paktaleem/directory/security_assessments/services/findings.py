"""Findings of an assessment: recorded with a due day, changed, mended, reopened."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from paktaleem.directory.security_assessments.deadlines import DAYS_TO_MEND, get_due_day
from paktaleem.directory.security_assessments.models import Finding, RiskAcceptance, SecurityAssessment, get_staff_day
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.ids import PAKTALEEM


class FindingMended(PortalError):
    """The finding is mended already."""

    console_message = "This finding is mended already."


class FindingOpen(PortalError):
    """The finding is not mended, so it cannot be reopened."""

    console_message = "This finding is still open."


@transaction.atomic
def record_finding(
    assessment: SecurityAssessment,
    *,
    title: str,
    description: str,
    severity: str,
    team: str,
    found_on: date,
    actor: Actor,
    at: datetime,
) -> Finding:
    """Record a finding; its due day follows from its severity (policy §5, decision 0119).

    Raises ValidationError naming the field, NotAllowed.
    """
    require(actor, Capability.MANAGE_SECURITY_ASSESSMENTS, assessment.client_id)
    if not assessment.starts_on <= found_on <= get_staff_day(at):
        raise ValidationError({"found_on": [_("Choose a day from the first day of the assessment until today.")]})
    texts = {"title": title.strip(), "description": description.strip(), "team": team.strip()}
    row = Finding(assessment=assessment, severity=severity, found_on=found_on, recorded_at=at, **texts)
    row.due_on = found_on  # until the severity is checked
    row.clean_fields(exclude={"client", "assessment", "remediation", "mended_on", "accepted_until"})
    row.due_on = get_due_day(severity, found_on)
    save_tracked(row, actor=actor, reason=Reason.REVIEW, at=at)
    record_finding_act("security_assessment.finding_recorded", row, actor, at)
    return row


@transaction.atomic
def change_finding(
    row: Finding, *, severity: str, team: str, reason: Reason | str, actor: Actor, at: datetime
) -> Finding:
    """Change severity and team of an open finding (decision 0119).

    A higher severity moves the due day earlier and ends an acceptance of the lesser risk. A lower one does not move it:
    more time needs an acceptance.

    Raises ValidationError naming the field, FindingMended, NotAllowed.
    """
    row = lock_finding(row, actor)
    before, row.severity, row.team = row.severity, severity, team.strip()
    row.clean_fields(exclude={"client", "assessment", "remediation", "mended_on", "accepted_until"})
    if DAYS_TO_MEND[severity] < DAYS_TO_MEND[before]:
        _end_waiting_acceptance(row, actor, at)
        row.due_on, row.accepted_until = min(row.due_on, get_due_day(severity, row.found_on)), None
    save_tracked(row, actor=actor, reason=reason, at=at)
    record_finding_act("security_assessment.finding_changed", row, actor, at)
    return row


@transaction.atomic
def record_remediation(
    row: Finding, *, remediation: str, mended_on: date, reason: Reason | str, actor: Actor, at: datetime
) -> Finding:
    """Record how and when a finding was mended; a waiting acceptance of its risk is replaced.

    Follows policy §5, decision 0119. Raises ValidationError naming the field, FindingMended, NotAllowed.
    """
    row = lock_finding(row, actor)
    if not remediation.strip():
        raise ValidationError({"remediation": [_("Say how it was mended and checked.")]})
    if not row.found_on <= mended_on <= get_staff_day(at):
        raise ValidationError({"mended_on": [_("Choose a day from the day it was found until today.")]})
    _end_waiting_acceptance(row, actor, at)
    row.remediation, row.mended_on = remediation.strip(), mended_on
    save_tracked(row, actor=actor, reason=reason, at=at)
    record_finding_act("security_assessment.finding_mended", row, actor, at)
    return row


@transaction.atomic
def reopen_finding(row: Finding, *, reason: Reason | str, actor: Actor, at: datetime) -> Finding:
    """Reopen a finding that turned out not to be mended; its due day stays. Raises FindingOpen, NotAllowed."""
    row = _lock(row, actor)
    if row.is_open:
        raise FindingOpen
    row.remediation, row.mended_on = "", None
    save_tracked(row, actor=actor, reason=reason, at=at)
    record_finding_act("security_assessment.finding_reopened", row, actor, at)
    return row


def lock_finding(row: Finding, actor: Actor) -> Finding:
    """Lock an open finding that the actor may manage. Raises FindingMended, NotAllowed."""
    locked = _lock(row, actor)
    if not locked.is_open:
        raise FindingMended
    return locked


def _end_waiting_acceptance(row: Finding, actor: Actor, at: datetime) -> None:
    waiting = RiskAcceptance.objects.filter(client_id=PAKTALEEM, finding=row, state=ChangeState.WAITING)
    waiting.update(state=ChangeState.REPLACED, settled_by=actor.id, settled_at=at)


def _lock(row: Finding, actor: Actor) -> Finding:
    require(actor, Capability.MANAGE_SECURITY_ASSESSMENTS, row.client_id)
    locked: Finding = Finding.objects.select_for_update(of=("self",)).get(pk=row.pk, client_id=PAKTALEEM)
    return locked


def record_finding_act(kind: str, row: Finding, actor: Actor, at: datetime, **more: Any) -> None:
    """Record an act about a finding in the ledger, without its texts."""
    facts = {
        "finding": str(row.pk),
        "assessment": str(row.assessment_id),
        "severity": str(row.severity),
        "due_on": row.due_on.isoformat(),
        **more,
    }
    record_entry(kind, client_id=row.client_id, facts=facts, actor=actor, at=at)

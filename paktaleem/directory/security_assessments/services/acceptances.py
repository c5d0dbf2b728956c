"""Accepting the risk of a finding until a day: requested by one officer, approved by another."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from paktaleem.directory.security_assessments.deadlines import LONGEST_ACCEPTANCE
from paktaleem.directory.security_assessments.models import Finding, RiskAcceptance, get_staff_day
from paktaleem.directory.security_assessments.services.findings import lock_finding, record_finding_act
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.ids import PAKTALEEM


class AcceptanceAlreadyRequested(PortalError):
    """An acceptance of this finding's risk waits already."""

    console_message = "An acceptance of this risk waits for a second officer already."


@transaction.atomic
def request_acceptance(finding: Finding, *, ground: str, until: date, actor: Actor, at: datetime) -> RiskAcceptance:
    """Request that the risk of an open finding is accepted until a day, at most a year from today.

    Follows policy §5, decision 0119. The finding's due day moves once a second officer approves. Raises ValidationError
    naming the field, AcceptanceAlreadyRequested, FindingMended, NotAllowed.
    """
    finding = lock_finding(finding, actor)
    if not ground.strip():
        raise ValidationError({"ground": [_("Give a ground in words.")]})
    _check_end(until, at)
    if RiskAcceptance.objects.filter(client_id=PAKTALEEM, finding=finding, state=ChangeState.WAITING).exists():
        raise AcceptanceAlreadyRequested
    row = RiskAcceptance(finding=finding, ground=ground.strip(), until=until)
    row.requested_kind, row.requested_by, row.requested_at = actor.kind.value, actor.id, at
    row.save(force_insert=True)
    _record("security_assessment.acceptance_requested", row, finding, actor, at)
    return row


@transaction.atomic
def decide_acceptance(
    row: RiskAcceptance, *, approve: bool, reason: Reason | str = Reason.REVIEW, actor: Actor, at: datetime
) -> RiskAcceptance:
    """Accept the risk until its day, which becomes the finding's due day, or decline; the requester may only decline.

    Follows policy §5, decision 0119. Raises ApproverIsRequester, ApproverNotIndependent, ChangeAlreadyDecided,
    ValidationError if the day has passed, FindingMended, NotAllowed.
    """
    require(actor, Capability.MANAGE_SECURITY_ASSESSMENTS, row.client_id)
    finding = lock_finding(Finding.objects.get(pk=row.finding_id, client_id=PAKTALEEM), actor)
    row = decide_change(row, approve=approve, actor=actor, at=at)
    row.save(update_fields=["state", "settled_by", "settled_at"])
    if approve:
        _check_end(row.until, at)
        finding.accepted_until = finding.due_on = row.until
        save_tracked(finding, actor=actor, reason=reason, at=at)
    _record("security_assessment.acceptance_settled", row, finding, actor, at, outcome=str(row.state))
    return row


def _check_end(until: date, at: datetime) -> None:
    today = get_staff_day(at)
    if not today < until <= today + LONGEST_ACCEPTANCE:
        raise ValidationError({"until": [_("Choose a day after today, at most a year from now.")]})


def _record(kind: str, row: RiskAcceptance, finding: Finding, actor: Actor, at: datetime, **more: str) -> None:
    values = {"acceptance": str(row.pk), "until": row.until.isoformat()}
    record_finding_act(kind, finding, actor, at, **values, **more)

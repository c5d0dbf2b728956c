"""Services of security assessments: record, find, mend, accept, remind."""

# Due days follow from the severity; a lower severity never moves one later, or one person could postpone a finding.
# Tables belong to PakTaleem by a constraint, so no client sees them.

from collections.abc import Iterator
from datetime import date, datetime
from typing import IO, Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from paktaleem.directory.data_systems.models import System
from paktaleem.directory.files.documents import read_document, seal_document
from paktaleem.directory.security.security_assessments.deadlines import (
    DAYS_TO_MEND,
    LONGEST_ACCEPTANCE,
    SOON,
    find_stage,
    get_due_day,
)
from paktaleem.directory.security.security_assessments.models import (
    AssessmentReminder,
    AssessmentReport,
    Finding,
    RiskAcceptance,
    SecurityAssessment,
    get_staff_day,
)
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.operations.jobs.enqueue import enqueue_job
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id


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
    """Record a finding; its due day follows from its severity (policy §5).

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
    """Change severity and team of an open finding.

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

    Follows policy §5. Raises ValidationError naming the field, FindingMended, NotAllowed.
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


@transaction.atomic
def record_assessment(row: SecurityAssessment, *, actor: Actor, at: datetime) -> SecurityAssessment:
    """Record an assessment that has ended; ``row`` is unsaved (policy §5).

    It follows the latest one of its kind. An assessment that ended before the latest one is recorded as followed. Runs
    in PakTaleem's context. Raises ValidationError naming the field, NotAllowed.
    """
    require(actor, Capability.MANAGE_SECURITY_ASSESSMENTS, PAKTALEEM)
    Client.objects.select_for_update().get(pk=PAKTALEEM)  # of two at once, the second follows the first
    today = get_staff_day(at)
    row.client_id, row.recorded_at = PAKTALEEM, at
    row.clean_fields(exclude={"client"})
    _check(row, today)
    latest = SecurityAssessment.objects.filter(client_id=PAKTALEEM, kind=row.kind, followed_on=None).first()
    if latest is not None and latest.ends_on > row.ends_on:
        row.followed_on = today
    elif latest is not None:
        latest.followed_on = today
        save_tracked(latest, actor=actor, reason=Reason.REVIEW, at=at)
    save_tracked(row, actor=actor, reason=Reason.REVIEW, at=at)
    _record("security_assessment.recorded", row, actor, at)
    return row


@transaction.atomic
def plan_next_assessment(
    row: SecurityAssessment, *, next_on: date, reason: Reason | str, actor: Actor, at: datetime
) -> SecurityAssessment:
    """Change the day by which the next assessment of this kind takes place (policy §5).

    Raises ValidationError, NotAllowed.
    """
    require(actor, Capability.MANAGE_SECURITY_ASSESSMENTS, row.client_id)
    locked: SecurityAssessment = SecurityAssessment.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if next_on <= locked.ends_on:
        raise ValidationError({"next_on": [_("Choose a day after the assessment.")]})
    if locked.followed_on is not None:
        raise ValidationError({"next_on": [_("A later assessment of this kind is recorded: plan the next one there.")]})
    locked.next_on = next_on
    save_tracked(locked, actor=actor, reason=reason, at=at)
    _record("security_assessment.planned", locked, actor, at)
    return locked


@transaction.atomic
def add_report(row: SecurityAssessment, content: IO[bytes], *, actor: Actor, at: datetime) -> AssessmentReport:
    """Seal a report of an assessment: PDF, JPEG or PNG (policy §5).

    Raises FileKindNotAccepted, FileTooLarge, NotAllowed.
    """
    require(actor, Capability.MANAGE_SECURITY_ASSESSMENTS, row.client_id)
    report = AssessmentReport(id=new_id(), client_id=row.client_id, assessment=row)
    seal_document(report, content, added_by=actor.id, at=at)
    _record("security_assessment.report_added", row, actor, at, report=str(report.pk), hash=report.file.sealed_hash)
    return report


@transaction.atomic
def open_report(report: AssessmentReport, *, reason: Reason | str, actor: Actor, at: datetime) -> Iterator[bytes]:
    """Return the content of a report, and record who opened it and why. Raises CannotOpen, NotAllowed."""
    require(actor, Capability.VIEW_SECURITY_ASSESSMENTS, report.client_id)
    content, why = read_document(report), Reason(reason).value
    _record("security_assessment.report_opened", report.assessment, actor, at, report=str(report.pk), reason=why)
    return content


def _check(row: SecurityAssessment, today: date) -> None:
    if row.ends_on < row.starts_on:
        raise ValidationError({"ends_on": [_("The last day is before the first day.")]})
    if row.ends_on > today:
        raise ValidationError({"ends_on": [_("Record an assessment once it has ended.")]})
    if row.next_on <= row.ends_on:
        raise ValidationError({"next_on": [_("Choose a day after the assessment.")]})
    known = set(System.objects.filter(client_id=PAKTALEEM, code__in=row.systems).values_list("code", flat=True))
    if unknown := sorted(set(row.systems) - known):
        raise ValidationError({"systems": [_("Unknown systems: {codes}.").format(codes=", ".join(unknown))]})


def _record(kind: str, row: SecurityAssessment, actor: Actor, at: datetime, **more: str) -> None:
    facts = {
        "assessment": str(row.pk),
        "kind": str(row.kind),
        "ends_on": row.ends_on.isoformat(),
        "next_on": row.next_on.isoformat(),
        **more,
    }
    record_entry(kind, client_id=row.client_id, facts=facts, actor=actor, at=at)


class AcceptanceAlreadyRequested(PortalError):
    """An acceptance of this finding's risk waits already."""

    console_message = "An acceptance of this risk waits for a second officer already."


@transaction.atomic
def request_acceptance(finding: Finding, *, ground: str, until: date, actor: Actor, at: datetime) -> RiskAcceptance:
    """Request that the risk of an open finding is accepted until a day, at most a year from today.

    Follows policy §5. The finding's due day moves once a second officer approves. Raises ValidationError
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
    _record_acceptance("security_assessment.acceptance_requested", row, finding, actor, at)
    return row


@transaction.atomic
def decide_acceptance(
    row: RiskAcceptance, *, approve: bool, reason: Reason | str = Reason.REVIEW, actor: Actor, at: datetime
) -> RiskAcceptance:
    """Accept the risk until its day, which becomes the finding's due day, or decline; the requester may only decline.

    Follows policy §5. Raises ApproverIsRequester, ApproverNotIndependent, ChangeAlreadyDecided,
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
    _record_acceptance("security_assessment.acceptance_settled", row, finding, actor, at, outcome=str(row.state))
    return row


def _check_end(until: date, at: datetime) -> None:
    today = get_staff_day(at)
    if not today < until <= today + LONGEST_ACCEPTANCE:
        raise ValidationError({"until": [_("Choose a day after today, at most a year from now.")]})


def _record_acceptance(
    kind: str, row: RiskAcceptance, finding: Finding, actor: Actor, at: datetime, **more: str
) -> None:
    values = {"acceptance": str(row.pk), "until": row.until.isoformat()}
    record_finding_act(kind, finding, actor, at, **values, **more)


NOTIFY_OFFICERS = "security_assessments.notify_officers"


@transaction.atomic
def remind_of_assessments(*, at: datetime) -> int:
    """Record each stage that was reached, and queue one email to the officers if there is one; return the number.

    Follows policy §5. Runs in PakTaleem's context, by one task at a time. Stages that were missed are
    not made up for: the email says how much is due now.
    """
    today = get_staff_day(at)
    days = dict(_list_days(today))
    reached = {(about, due_on, find_stage(due_on, today)) for about, due_on in days.items()}
    reminded = AssessmentReminder.objects.filter(client_id=PAKTALEEM, about__in=days)
    known = set(reminded.values_list("about", "due_on", "stage"))
    new = [
        AssessmentReminder(about=about, due_on=due_on, stage=stage, at=at)
        for about, due_on, stage in reached - known
        if stage is not None
    ]
    AssessmentReminder.objects.bulk_create(new)
    if new:
        enqueue_job(NOTIFY_OFFICERS)
    return len(new)


def _list_days(today: date) -> Iterator[tuple[UUID, date]]:
    """Yield the ids of findings and assessments with their days, if they are due or soon will be."""
    own = {"client_id": PAKTALEEM}
    until = today + SOON
    yield from Finding.objects.filter(**own, mended_on=None, due_on__lte=until).values_list("pk", "due_on")
    latest = SecurityAssessment.objects.filter(**own, followed_on=None, next_on__lte=until)
    yield from latest.values_list("pk", "next_on")

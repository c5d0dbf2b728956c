"""Recording an assessment, its reports, and the day of the next one."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import IO

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from paktaleem.directory.data_systems.models.systems import System
from paktaleem.directory.files.documents import read_document, seal_document
from paktaleem.directory.security_assessments.models import AssessmentReport, SecurityAssessment, get_staff_day
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.ids import PAKTALEEM, new_id


@transaction.atomic
def record_assessment(row: SecurityAssessment, *, actor: Actor, at: datetime) -> SecurityAssessment:
    """Record an assessment that has ended; ``row`` is unsaved (policy §5, decision 0119).

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
    """Change the day by which the next assessment of this kind takes place (policy §5, decision 0119).

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

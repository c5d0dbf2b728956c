"""Services of security assessments: record one with its report, open a report."""

from collections.abc import Iterator
from datetime import datetime
from typing import IO

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from paktaleem.directory.files.services import SealedDocument, read_document, seal_document
from paktaleem.directory.security.security_assessments.models import SecurityAssessment, get_staff_day
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.rows import PAKTALEEM


@transaction.atomic
def record_assessment(row: SecurityAssessment, report: IO[bytes], *, actor: Actor, at: datetime) -> SecurityAssessment:
    """Record an assessment that has ended, as an unsaved row, and seal its report: PDF, JPEG or PNG (policy §5).

    Raises ValidationError naming the field, FileKindNotAccepted, FileTooLarge, NotAllowed.
    """
    require(actor, Capability.SUPERVISE, PAKTALEEM)
    row.client_id = PAKTALEEM
    row.clean_fields(exclude={"client", *(field.name for field in SealedDocument._meta.fields)})
    if row.done_on > get_staff_day(at):
        raise ValidationError({"done_on": [_("Record an assessment once it has ended.")]})
    if row.next_on <= row.done_on:
        raise ValidationError({"next_on": [_("Choose a day after the assessment.")]})
    seal_document(row, report, added_by=actor.id, at=at)
    _record("security_assessment.recorded", row, actor, at)
    return row


@transaction.atomic
def open_report(row: SecurityAssessment, *, reason: Reason | str, actor: Actor, at: datetime) -> Iterator[bytes]:
    """Return the content of a report, and record who opened it and why. Raises CannotOpen, NotAllowed."""
    require(actor, Capability.VIEW_SECURITY, row.client_id)
    content = read_document(row)
    _record("security_assessment.report_opened", row, actor, at, reason=Reason(reason).value)
    return content


def _record(kind: str, row: SecurityAssessment, actor: Actor, at: datetime, **more: str) -> None:
    facts = {
        "assessment": str(row.pk),
        "kind": str(row.kind),
        "on": row.done_on.isoformat(),
        "next_on": row.next_on.isoformat(),
        "hash": row.file.sealed_hash,
        **more,
    }
    record_entry(kind, client_id=row.client_id, facts=facts, actor=actor, at=at)

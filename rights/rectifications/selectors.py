"""Selectors of rectifications: corrections of a request, corrected values of a person, and values that came back."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.people import open_details
from paktaleem.foundation.accounts.second_person import ChangeState
from rights.rectifications.models import CorrectedValue, Correction, CorrectionState, RecipientNotice
from rights.rectifications.services.applying import open_value
from rights.rectifications.values import to_text
from rights.requests.models import RequestPart, RightKind, RightsRequest
from rights.requests.sealing import open_text


@dataclass(frozen=True, slots=True)
class FieldHistory:
    """The latest correction of one field of a person.

    ``came_back`` is True if the field has the value again that was corrected, such as from a later sync.
    """

    row: CorrectedValue
    came_back: bool
    waits: bool


def list_corrections(request: RightsRequest) -> list[Correction]:
    """List the corrections that a request asks for, in their order."""
    return list(Correction.objects.filter(client_id=request.client_id, request=request))


def list_notices(request: RightsRequest) -> list[RecipientNotice]:
    """List the recipients that must be informed about a request, with what came of it."""
    rows = RecipientNotice.objects.filter(client_id=request.client_id, request=request)
    return list(rows.select_related("recipient"))


def list_notices_of_person(subject: Subject) -> list[RecipientNotice]:
    """List the recipients that must be informed of what staff did without a request, with what came of it."""
    rows = RecipientNotice.objects.filter(client_id=subject.client_id, subject=subject, request=None)
    return list(rows.select_related("recipient"))


def waiting_fields(request: RightsRequest) -> set[str]:
    """Return the fields whose correction waits for a second person."""
    rows = CorrectedValue.objects.filter(client_id=request.client_id, request=request, applied_at=None)
    return set(rows.filter(age_change__state=ChangeState.WAITING).values_list("field", flat=True))


def list_corrected_fields(subject: Subject) -> list[FieldHistory]:
    """List the latest correction of each field of a person, and whether the wrong value came back.

    The values are opened to compare them and not returned. Requires the client's context.
    """
    latest: dict[str, CorrectedValue] = {}
    rows = CorrectedValue.objects.filter(client_id=subject.client_id, subject=subject).select_related("age_change")
    for row in rows.order_by("pk"):
        if row.applied_at is not None or (row.age_change and row.age_change.state == ChangeState.WAITING):
            latest[row.field] = row
    if not latest or subject.erased_at is not None:
        return []
    sealer = sealer_of(subject)
    now = open_details(subject, sealer)
    return [
        FieldHistory(
            row=row,
            came_back=row.applied_at is not None and to_text(field, now) == open_value(row, "old_value", sealer),
            waits=row.applied_at is None,
        )
        for field, row in latest.items()
    ]


def describe_corrections(request: RightsRequest, part: RequestPart) -> list[str]:
    """Return lines for the draft of the answer: which corrections are made, and which are refused and why.

    A handler of ``rights.part_details``; the values themselves are not repeated. Raises CannotOpen.
    """
    if part.kind != RightKind.RECTIFICATION:
        return []
    waiting = waiting_fields(request)
    rows = [row for row in list_corrections(request) if row.part_id == part.pk]
    return [_describe(request, row, waiting) for row in rows if row.state != CorrectionState.OPEN]


def _describe(request: RightsRequest, row: Correction, waiting: set[str]) -> str:
    field = row.get_field_display()
    if row.state == CorrectionState.REFUSED:
        reasons = open_text(request, row=row, field="reasons")
        return f"{_('{field}: not corrected.').format(field=field)} {reasons}"
    if row.field in waiting:
        return _("{field}: will be corrected once a second person has confirmed it.").format(field=field)
    return _("{field}: corrected.").format(field=field)

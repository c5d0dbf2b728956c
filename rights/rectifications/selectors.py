"""Selectors of rectifications: corrections of a request, corrected values of a person, and values that came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from paktaleem.directory.people.copies.declarations import Copied, Reader, Section, Source, Value
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.people import open_details
from paktaleem.foundation.accounts.second_person import ChangeState
from rights.rectifications.models import CorrectedValue, Correction, CorrectionState, Disagreement, RecipientNotice
from rights.rectifications.services import open_value
from rights.rectifications.values import to_text
from rights.requests.models import RequestPart, RightKind, RightsRequest
from rights.requests.sealing import open_text
from rights.requests.states import Decision


@dataclass(frozen=True, slots=True)
class FieldHistory:
    """The latest correction of one field; ``came_back`` if the field has the wrong value again, as from a sync."""

    row: CorrectedValue
    came_back: bool
    waits: bool


def list_corrections(request: RightsRequest) -> list[Correction]:
    """List the corrections that a request asks for, in their order."""
    found = list(Correction.objects.filter(client_id=request.client_id, request=request).select_related("part"))
    for row in found:
        row.request = request
    return found


def list_notices(of: RightsRequest | Subject) -> list[RecipientNotice]:
    """List the recipients to inform about a request, or of what staff did to a person without one, with the outcome."""
    rows = RecipientNotice.objects.filter(client_id=of.client_id)
    own = rows.filter(request=of) if isinstance(of, RightsRequest) else rows.filter(subject=of, request=None)
    return list(own.select_related("recipient", "request"))


def has_disagreements(subject: Subject) -> bool:
    """Return True if a person left a statement beside data that was not corrected."""
    own = Disagreement.objects.filter(client_id=subject.client_id, subject=subject)
    return own.filter(text__isnull=False).exists()


def waiting_fields(request: RightsRequest) -> set[str]:
    """Return the fields whose correction waits for a second person."""
    rows = CorrectedValue.objects.filter(client_id=request.client_id, request=request, applied_at=None)
    return set(rows.filter(age_change__state=ChangeState.WAITING).values_list("field", flat=True))


def list_corrected_fields(subject: Subject) -> list[FieldHistory]:
    """List the latest correction of each field of a person, and whether the wrong value came back."""
    latest: dict[str, CorrectedValue] = {}
    rows = CorrectedValue.objects.filter(client_id=subject.client_id, subject=subject).order_by("pk")
    for row in rows.select_related("age_change", "request"):
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


def read_texts(request: RightsRequest) -> list[tuple[str, str]]:
    """Return the texts of a request's corrections, decrypted; the caller has recorded the access. Raises CannotOpen."""
    labels = {
        "about": _("What it is about"),
        "old_value": _("Old value, as the person states it"),
        "new_value": _("New value"),
        "evidence": _("What shows it"),
        "reasons": _("Reasons of the refusal"),
    }
    texts = [
        (f"{number}. {row} · {label}", open_text(request, row=row, field=name))
        for number, row in enumerate(list_corrections(request), 1)
        for name, label in labels.items()
    ]
    return [one for one in texts if one[1]]


def describe_corrections(request: RightsRequest, part: RequestPart) -> list[str]:
    """Return lines for the draft of the answer: corrections made, or refused and why. Raises CannotOpen."""
    if part.kind != RightKind.RECTIFICATION:
        return []
    waiting = waiting_fields(request)
    rows = [row for row in list_corrections(request) if row.part_id == part.pk]
    lines = [_describe(request, row, waiting) for row in rows if row.state != CorrectionState.OPEN]
    if part.decision in {Decision.REFUSED, Decision.PARTLY}:
        lines.append(_("You may leave a statement beside this data: on your page, or in writing."))
    return lines


def _describe(request: RightsRequest, row: Correction, waiting: set[str]) -> str:
    field = row.get_field_display()
    if row.state == CorrectionState.REFUSED:
        reasons = open_text(request, row=row, field="reasons")
        return f"{_('{field}: not corrected.').format(field=field)} {reasons}"
    if row.field in waiting:
        return _("{field}: will be corrected once a second person has confirmed it.").format(field=field)
    return _("{field}: corrected.").format(field=field)


def _open(name: str) -> Source:
    def read(row: Any, reader: Reader) -> Value:
        return open_value(row, name, reader.sealer) or None

    return read


_VALUES = Copied(
    "corrected_values",
    gettext_lazy("Values that were corrected"),
    "field old_value new_value reason recorded_at=at applied_at by",
    titles={"applied_at": gettext_lazy("In effect since")},
    read={"old_value": _open("old_value"), "new_value": _open("new_value")},
)


def list_rectification_sections() -> Sequence[Section]:
    """List the section of corrected values; a handler of ``person_sections``."""
    return (_VALUES.make_section(CorrectedValue),)

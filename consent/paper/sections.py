"""Section of a copy of a person's data: the answers entered from forms on paper."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from consent.paper.models import SheetEntry
from consent.paper.services.forms import unseal_details
from paktaleem.directory.people.copies.declarations import Copied, Reader, Section, Value, ValueKind


def _list_answers(row: Any, _reader: Reader) -> Value:
    return [f"{purpose}: {'yes' if answer else 'no'}" for purpose, answer in sorted(row.answers.items())]


def _note(row: Any, reader: Reader) -> Value:
    """Return the note about the person; a name of a guardian that only the form has is left out."""
    return unseal_details(row).get("note") if row.subject_id == reader.subject.pk else None


_ANSWERS = Copied(
    "paper_answers",
    _("Answers on paper and by telephone"),
    "part answers given_by method answered_on state text entered_at",
    of=("subject", "guardian"),
    titles={"answers": _("Answers"), "answered_on": _("Answered on"), "entered_at": _("Entered")},
    read={"answers": (ValueKind.LIST, _list_answers), "text": _note},
    is_provided=True,
)


def list_paper_sections() -> Sequence[Section]:
    return (_ANSWERS.make_section(SheetEntry),)

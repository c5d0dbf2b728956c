"""Section of a copy of a person's data: the answers entered from forms on paper."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from consent.paper.models import PaperAnswer
from consent.paper.services.answers import NOTE
from paktaleem.directory.people.copies.declarations import Copied, Reader, Section, Value, ValueKind


def _list_answers(row: Any, _reader: Reader) -> Value:
    return [f"{purpose}: {'yes' if answer else 'no'}" for purpose, answer in sorted(row.answers.items())]


def _note(row: Any, reader: Reader) -> Value:
    """Return the note of an answer about the person: it is sealed under the key of the person of the page."""
    is_about_reader = row.note is not None and row.subject_id == reader.subject.pk
    return reader.sealer.open(row.note, column=NOTE) if is_about_reader else None


_ANSWERS = Copied(
    "paper_answers",
    _("Answers on paper and by telephone"),
    "part answers method answered_on state text entered_at",
    of=("subject", "guardian"),
    titles={"answers": _("Answers"), "answered_on": _("Answered on"), "entered_at": _("Entered")},
    read={"answers": (ValueKind.LIST, _list_answers), "text": _note},
    is_provided=True,
)


def list_paper_sections() -> Sequence[Section]:
    return (_ANSWERS.make_section(PaperAnswer),)

"""Sections of a copy of a person's data: forms on paper and the answers entered from them."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from consent.paper.models import FormPage, SheetEntry
from consent.paper.services.forms import unseal_details
from paktaleem.directory.people.copies.sections import (
    GIVEN_BY,
    METHOD,
    PART,
    PURPOSES,
    STATE,
    TEXT,
    Column,
    Reader,
    Section,
    Value,
    ValueKind,
    get_part,
    table_section,
)

_PAIR = ("subject", "guardian")


def _list_answers(row: Any, _reader: Reader) -> Value:
    return [f"{purpose}: {'yes' if answer else 'no'}" for purpose, answer in sorted(row.answers.items())]


def _note(row: Any, reader: Reader) -> Value:
    """Return the note about the person; a name of a guardian that only the form has is left out."""
    return unseal_details(row).get("note") if row.subject_id == reader.subject.pk else None


def list_paper_sections() -> Sequence[Section]:
    """List the sections of forms and answers on paper."""
    return (
        table_section(
            "form_pages",
            _("Forms on paper for you"),
            FormPage,
            [
                (Column("group", _("Group")), "run__name"),
                (Column("code", _("Code")), "code"),
                (PURPOSES, "purposes"),
                (Column("made_at", _("Printed"), ValueKind.TIME), "run__made_at"),
            ],
        ),
        table_section(
            "paper_answers",
            _("Answers on paper and by telephone"),
            SheetEntry,
            [
                (PART, get_part(*_PAIR)),
                (Column("answers", _("Answers"), ValueKind.LIST), _list_answers),
                (GIVEN_BY, "given_by"),
                (METHOD, "method"),
                (Column("answered_on", _("Answered on"), ValueKind.DAY), "answered_on"),
                (STATE, "state"),
                (TEXT, _note),
                (Column("entered_at", _("Entered"), ValueKind.TIME), "entered_at"),
            ],
            of=_PAIR,
            is_provided=True,
        ),
    )

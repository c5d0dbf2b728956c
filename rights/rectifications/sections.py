"""Sections of a copy of a person's data: corrections that they asked for, corrected values, and recipients."""

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.sections import (
    ACTOR,
    CATEGORY,
    REASON,
    RECORDED,
    REQUESTED,
    SETTLED,
    STATE,
    Column,
    Reader,
    Section,
    Value,
    ValueKind,
    get_actor,
    table_section,
)
from rights.rectifications.models import CorrectedValue, Correction, RecipientNotice
from rights.rectifications.services.applying import open_value
from rights.requests.sections import OF_REQUEST, REQUEST, open_request_text

_FIELD = Column("field", _("Field"))
_OLD, _NEW = Column("old_value", _("Old value")), Column("new_value", _("New value"))


def _open(name: str) -> Callable[[Any, Reader], Value]:
    return lambda row, reader: open_value(row, name, reader.sealer) or None


def list_rectification_sections() -> Sequence[Section]:
    """List the sections of corrections, corrected values, and recipients to be informed."""
    return (
        table_section(
            "corrections",
            _("Corrections that you asked for"),
            Correction,
            [
                REQUEST,
                (_FIELD, "field"),
                (CATEGORY, "category"),
                (Column("about", _("About")), open_request_text("about")),
                (_OLD, open_request_text("old_value")),
                (_NEW, open_request_text("new_value")),
                (Column("evidence", _("Evidence")), open_request_text("evidence")),
                (STATE, "state"),
                (Column("reasons", _("Reasons")), open_request_text("reasons")),
                (REQUESTED, "given_at"),
                (SETTLED, "settled_at"),
            ],
            of=OF_REQUEST,
        ),
        table_section(
            "corrected_values",
            _("Values that were corrected"),
            CorrectedValue,
            [
                (_FIELD, "field"),
                (_OLD, _open("old_value")),
                (_NEW, _open("new_value")),
                (REASON, "reason"),
                (RECORDED, "at"),
                (Column("applied_at", _("In effect since"), ValueKind.TIME), "applied_at"),
                (ACTOR, get_actor),
            ],
        ),
        table_section(
            "recipient_notices",
            _("Recipients to be informed of a correction, restriction or erasure"),
            RecipientNotice,
            [
                (Column("recipient", _("Recipient")), lambda row, _reader: row.recipient.name),
                (Column("outcome", _("Outcome")), "outcome"),
                (RECORDED, "listed_at"),
                (SETTLED, "settled_at"),
            ],
        ),
    )

"""The section of a copy of a person's data: concerns and guardians' requests. Their text is its writer's only."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from children.concerns.models import Concern
from children.concerns.sealing import open_text
from paktaleem.directory.copies.sections import (
    CLOSED,
    DUE,
    KIND,
    NUMBER,
    PART,
    TEXT,
    Column,
    Reader,
    Section,
    Source,
    Value,
    ValueKind,
    get_part,
    table_section,
)

__all__ = ["list_concern_sections"]


def _own_text(row: Any, reader: Reader) -> Value:
    is_own = row.guardian_id == reader.subject.pk and row.wrapped is not None
    return open_text(row, "text") if is_own else None


def list_concern_sections() -> Sequence[Section]:
    """List the section of concerns and guardians' requests."""
    of = ("child", "guardian")
    columns: list[tuple[Column, Source]] = [
        (NUMBER, "number"),
        (PART, get_part(*of)),
        (KIND, "kind"),
        (TEXT, _own_text),
        (Column("received_at", _("Received"), ValueKind.TIME), "received_at"),
        (DUE, "due_at"),
        (CLOSED, "closed_at"),
        (Column("outcome", _("Outcome")), "outcome"),
    ]
    return (table_section("concerns", _("Concerns and requests of guardians"), Concern, columns, of=of),)

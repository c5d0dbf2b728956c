"""Section of a copy of a person's data: the disposals of their data."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.sections import CATEGORY, DUE, Column, Section, ValueKind, table_section
from retention.disposals.models import Item


def list_disposal_sections() -> Sequence[Section]:
    """List the section of holdings that were flagged for disposal."""
    return (
        table_section(
            "disposals",
            _("Disposal of your data"),
            Item,
            [
                (CATEGORY, "category"),
                (Column("action", _("Then")), "action"),
                (Column("method", _("Method")), "method"),
                (DUE, "due_at"),
                (Column("state", _("State")), "state"),
                (Column("flagged_at", _("Flagged"), ValueKind.TIME), "batch__opened_at"),
            ],
        ),
    )

"""The section of a copy of a person's data: proposals to overrule their objections."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.sections import (
    REQUESTED,
    SETTLED,
    STATE,
    Column,
    Section,
    Source,
    open_column,
    table_section,
)
from rights.limits.models import Overruling


def list_limit_sections() -> Sequence[Section]:
    """List the section of proposals to overrule objections."""
    columns: list[tuple[Column, Source]] = [
        (Column("purpose", _("Purpose")), "objection__purpose_code"),
        (Column("grounds", _("Compelling grounds")), open_column("grounds")),
        (STATE, "state"),
        (REQUESTED, "requested_at"),
        (SETTLED, "settled_at"),
    ]
    title = _("Proposals to overrule your objections")
    return (table_section("overrulings", title, Overruling, columns, of=("objection__subject",)),)

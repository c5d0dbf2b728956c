"""Sections of a copy of a person's data: with whom it was shared."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from consent.sharing.models import Disclosure
from paktaleem.directory.copies.sections import (
    CATEGORIES,
    PURPOSE,
    SYSTEM,
    Column,
    Section,
    ValueKind,
    table_section,
)

__all__ = ["list_sharing_sections"]


def list_sharing_sections() -> Sequence[Section]:
    """List the section of disclosures: who received which data, when and for what (GDPR Art. 15(1)(c))."""
    columns = [
        (Column("recipient", _("Recipient")), "recipient__name"),
        (Column("countries", _("Countries")), "recipient__countries"),
        (PURPOSE, "purpose"),
        (CATEGORIES, "categories"),
        (Column("shared_at", _("Shared"), ValueKind.TIME), "shared_at"),
        (Column("decision", _("Decision")), "reason"),
        (SYSTEM, "system__code"),
    ]
    return (table_section("disclosures", _("Who received your data"), Disclosure, columns),)

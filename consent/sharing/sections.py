"""Sections of a copy of a person's data: with whom it was shared."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from consent.sharing.models import Disclosure, LegalDisclosure
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
    """List the sections of disclosures: who received which data, when and for what (GDPR Art. 15(1)(c))."""
    columns = [
        (Column("recipient", _("Recipient")), "recipient__name"),
        (Column("countries", _("Countries")), "recipient__countries"),
        (PURPOSE, "purpose"),
        (CATEGORIES, "categories"),
        (Column("shared_at", _("Shared"), ValueKind.TIME), "shared_at"),
        (Column("decision", _("Decision")), "reason"),
        (SYSTEM, "system__code"),
    ]
    return table_section("disclosures", _("Who received your data"), Disclosure, columns), _legal_disclosures()


def _legal_disclosures() -> Section:
    """List the disclosures to authorities of which the person was informed; an order may forbid to name others."""
    columns = [
        (Column("authority", _("Authority")), "authority"),
        (Column("instrument", _("Instrument")), "instrument"),
        (CATEGORIES, "disclosed"),
        (Column("disclosed_at", _("Disclosed"), ValueKind.TIME), "disclosed_at"),
        (Column("informed_on", _("Informed on"), ValueKind.DAY), "informed_on"),
    ]
    return table_section(
        "legal_disclosures", _("Your data that authorities received"), LegalDisclosure, columns, of=("informed",)
    )

"""Sections of a copy of a person's data: with whom it was shared."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from django.utils.translation import gettext_lazy as _

from consent.sharing.models import Disclosure, Informed, LegalDisclosure
from paktaleem.directory.people.copies.sections import (
    CATEGORIES,
    PURPOSE,
    SYSTEM,
    Column,
    Reader,
    Row,
    Section,
    ValueKind,
    table_section,
)
from paktaleem.directory.people.models import Subject


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
        (Column("informed", _("Who was informed")), "informed"),
        (Column("informed_on", _("Informed on"), ValueKind.DAY), "informed_on"),
    ]
    title = _("Your data that authorities received")
    section = table_section("legal_disclosures", title, LegalDisclosure, columns)
    return replace(section, read=partial(_read_informed, section.read), count=_count_informed)


def _read_informed(read: Callable[[Reader], Iterator[Row]], reader: Reader) -> Iterator[Row]:
    """Read those of which someone was informed; for a guardian's copy, those of which a guardian was."""
    informed = {Informed.GUARDIAN.value} if reader.guardian_id else set(Informed.values)
    return (row for row in read(reader) if row["informed"] in informed)


def _count_informed(subject: Subject) -> int:
    return LegalDisclosure.objects.filter(client_id=subject.client_id, subject=subject).exclude(informed="").count()

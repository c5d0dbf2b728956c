"""Section of a copy of a person's data: what authorities received."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from consent.sharing.models import Informed, LegalDisclosure
from paktaleem.directory.people.copies.declarations import Copied, Reader, Row, Section
from paktaleem.directory.people.models import Subject

_DISCLOSURES = Copied(
    "legal_disclosures",
    _("Your data that authorities received"),
    "authority instrument categories=disclosed disclosed_at informed informed_on",
    titles={
        "instrument": _("Instrument"),
        "disclosed_at": _("Disclosed"),
        "informed": _("Who was informed"),
        "informed_on": _("Informed on"),
    },
)


def list_sharing_sections() -> Sequence[Section]:
    """List the disclosures to authorities of which the person was informed; an order may forbid to name others."""
    section = _DISCLOSURES.make_section(LegalDisclosure)

    def read_informed(reader: Reader) -> Iterator[Row]:
        """Read those of which someone was informed; for a guardian's copy, those of which a guardian was."""
        informed = {Informed.GUARDIAN.value} if reader.guardian_id else set(Informed.values)
        return (row for row in section.read(reader) if row["informed"] in informed)

    return (replace(section, read=read_informed, count=_count_informed),)


def _count_informed(subject: Subject) -> int:
    return LegalDisclosure.objects.filter(client_id=subject.client_id, subject=subject).exclude(informed="").count()

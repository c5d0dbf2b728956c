"""Sections of a copy of a person's data: what they are a contact of their institution for."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from consent.agreements.models import ClientContact
from paktaleem.directory.people.copies.sections import ENDS, STARTS, Column, Section, Source, table_section


def list_agreement_sections() -> Sequence[Section]:
    """List the section of contacts."""
    columns: list[tuple[Column, Source]] = [
        (Column("kind", _("Contact for")), "kind"),
        (STARTS, "starts_at"),
        (ENDS, "ends_at"),
    ]
    return (table_section("client_contacts", _("You as a contact of your institution"), ClientContact, columns),)

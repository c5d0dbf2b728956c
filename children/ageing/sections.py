"""The section of a copy of a person's data: notices before the age of consent."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from children.ageing.models import AgeNotice
from paktaleem.directory.people.copies.sections import SENT, Column, Section, ValueKind, table_section


def list_ageing_sections() -> Sequence[Section]:
    """List the section of notices before the age of consent."""
    columns = [
        (SENT, "given_at"),
        (Column("guardians", _("Guardians notified"), ValueKind.NUMBER), "guardians"),
        (Column("person", _("Young person notified"), ValueKind.YES_NO), "person"),
    ]
    return (table_section("age_notices", _("Notices before the age of consent"), AgeNotice, columns),)

"""Section of a copy of a person's data: the classes they were in, and when."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.sections import RECORDED, Column, Section, ValueKind, table_section
from paktaleem.directory.schools.models import Enrolment


def list_school_sections() -> Sequence[Section]:
    """List the section of enrolments."""
    return (
        table_section(
            "enrolments",
            _("Your schools and classes"),
            Enrolment,
            [
                (Column("school", _("School")), "school_class__school__name"),
                (Column("class", _("Class")), "school_class__title"),
                (Column("role", _("Role")), "role"),
                (Column("starts_on", _("From"), ValueKind.DAY), "starts_on"),
                (Column("ends_on", _("Until"), ValueKind.DAY), "ends_on"),
                (RECORDED, "recorded_at"),
            ],
        ),
    )

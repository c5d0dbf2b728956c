"""Section of a copy of a person's data: the holds of their data.

Without the grounds: a legal hold may rest on proceedings that its notice would harm, and names what others said
(GDPR Art. 15(4), 23(1)). Its kind, scope and days are shown. Holds of all data of a client are left out.
"""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.sections import CATEGORY, KIND, SYSTEM, Column, Section, ValueKind, table_section
from retention.schedule.models import Hold


def list_schedule_sections() -> Sequence[Section]:
    """List the section of holds."""
    return (
        table_section(
            "holds",
            _("Holds of your data"),
            Hold,
            [
                (KIND, "kind"),
                (CATEGORY, "category"),
                (SYSTEM, "system__code"),
                (Column("review_on", _("To be reviewed on")), "review_on"),
                (Column("placed_at", _("Placed"), ValueKind.TIME), "placed_at"),
                (Column("lifted_at", _("Lifted"), ValueKind.TIME), "lifted_at"),
            ],
        ),
    )

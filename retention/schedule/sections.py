"""Section of a copy of a person's data: holds, for which their data are kept longer."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.copies.sections import CATEGORY, KIND, SYSTEM, Column, Section, ValueKind, table_section
from retention.schedule.models import Hold

__all__ = ["list_schedule_sections"]


def list_schedule_sections() -> Sequence[Section]:
    """List the section of holds on the person; holds on all data of a client are not about one person."""
    return (
        table_section(
            "holds",
            _("Holds: data about you that are kept until the hold is lifted"),
            Hold,
            [
                (KIND, "kind"),
                (Column("ground", _("Ground")), "ground"),
                (CATEGORY, "category"),
                (SYSTEM, "system__code"),
                (Column("placed_at", _("Placed"), ValueKind.TIME), "placed_at"),
                (Column("review_on", _("Review day"), ValueKind.DAY), "review_on"),
                (Column("lifted_at", _("Lifted"), ValueKind.TIME), "lifted_at"),
                (Column("lift_ground", _("Ground for lifting")), "lift_ground"),
            ],
        ),
    )

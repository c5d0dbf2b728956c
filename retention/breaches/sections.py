"""Section of a copy of a person's data: the breaches that concerned it, and the letters about them."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.sections import (
    CATEGORIES,
    CLOSED,
    SENT,
    TEXT,
    Column,
    Section,
    ValueKind,
    table_section,
)
from retention.breaches.models import BreachNotice, BreachPerson


def list_breach_sections() -> Sequence[Section]:
    """List the breaches a person's data was concerned by, as assessed, and the letters about them."""
    return (
        table_section(
            "breaches",
            _("Personal-data breaches that concerned you"),
            BreachPerson,
            [
                (CATEGORIES, "categories"),
                (Column("happened_from", _("Happened from"), ValueKind.TIME), "assessment__breach__happened_from"),
                (Column("known_at", _("Known since"), ValueKind.TIME), "assessment__breach__known_at"),
                (Column("what", _("What happened")), "assessment__breach__what"),
                (Column("consequences", _("Likely consequences")), "assessment__breach__consequences"),
                (Column("measures", _("Measures")), "assessment__breach__measures"),
                (Column("assessed_at", _("Assessed"), ValueKind.TIME), "assessment__assessed_at"),
                (CLOSED, "assessment__breach__closed_at"),
            ],
        ),
        table_section(
            "breach_letters",
            _("Letters about breaches to you, or to your guardians"),
            BreachNotice,
            [(SENT, "at"), (TEXT, "letter__text"), (Column("text_ur", _("Text (Urdu)")), "letter__text_ur")],
            of=("subject", "recipient"),
        ),
    )

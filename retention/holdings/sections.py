"""Sections of a copy of a person's data: what was collected, what is held where, and incidents."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.sections import (
    CATEGORIES,
    CATEGORY,
    CLOSED,
    DUE,
    OPENED,
    PURPOSE,
    PURPOSES,
    REASON,
    SYSTEM,
    Column,
    Section,
    ValueKind,
    table_section,
)
from retention.holdings.models import Collection, FlaggedCollection, Holding, Incident

_COUNT = Column("count", _("Records"), ValueKind.NUMBER)


def list_retention_sections() -> Sequence[Section]:
    """List the sections of collections, flagged collections, holdings and incidents."""
    return (
        table_section(
            "collections",
            _("Data collected about you"),
            Collection,
            [
                (CATEGORY, "category"),
                (SYSTEM, "system__code"),
                (Column("occasion", _("Occasion")), "occasion"),
                (PURPOSE, "purpose"),
                (_COUNT, "count"),
                (Column("decision", _("Decision")), "reason"),
                (Column("collected_at", _("Collected"), ValueKind.TIME), "collected_at"),
            ],
        ),
        _flagged(),
        table_section(
            "holdings",
            _("Data that systems hold about you"),
            Holding,
            [
                (CATEGORY, "category"),
                (SYSTEM, "system__code"),
                (PURPOSES, "purposes"),
                (_COUNT, "count"),
                (Column("first_collected_at", _("First collected"), ValueKind.TIME), "first_collected_at"),
                (Column("last_collected_at", _("Last collected"), ValueKind.TIME), "last_collected_at"),
                (Column("erased_at", _("Erased"), ValueKind.TIME), "ended_at"),
            ],
        ),
        table_section(
            "incidents",
            _("Incidents about your data"),
            Incident,
            [
                (REASON, "cause"),
                (CATEGORIES, "categories"),
                (OPENED, "opened_at"),
                (DUE, "due_at"),
                (CLOSED, "closed_at"),
            ],
        ),
    )


def _flagged() -> Section:
    return table_section(
        "flagged_collections",
        _("Data collected about you although it was denied"),
        FlaggedCollection,
        [
            (CATEGORY, "category"),
            (PURPOSE, "purpose"),
            (Column("reason", _("Reason of the denial")), "reason"),
            (Column("flagged_at", _("Flagged"), ValueKind.TIME), "flagged_at"),
            (Column("decision", _("Decision")), "decision"),
            (Column("ground", _("Ground")), "ground"),
            (Column("decided_at", _("Decided"), ValueKind.TIME), "decided_at"),
        ],
    )

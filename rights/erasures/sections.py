"""Sections of a copy of a person's data: erasures that were proposed, and their certificates."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.sections import (
    CATEGORIES,
    NUMBER,
    PURPOSES,
    REASON,
    REQUESTED,
    STATE,
    Column,
    Section,
    ValueKind,
    table_section,
)
from rights.erasures.models import Certificate, ErasureProposal


def list_erasure_sections() -> Sequence[Section]:
    """List the sections of erasures and of their certificates."""
    return (
        table_section(
            "erasures",
            _("Erasures of your data"),
            ErasureProposal,
            [
                (NUMBER, "number"),
                (Column("extent", _("Extent")), "extent"),
                (PURPOSES, "purposes"),
                (CATEGORIES, "categories"),
                (REASON, "reason"),
                (STATE, "stage"),
                (REQUESTED, "requested_at"),
                (Column("cooling_ends_at", _("Cooling-off until"), ValueKind.TIME), "cooling_ends_at"),
                (Column("started_at", _("Orders issued"), ValueKind.TIME), "started_at"),
                (Column("ended_at", _("Ended"), ValueKind.TIME), "ended_at"),
            ],
        ),
        table_section(
            "erasure_certificates",
            _("Certificates of erasures"),
            Certificate,
            [
                (NUMBER, "proposal__number"),
                (Column("certificate", _("Certificate")), "body"),
                (Column("sha256", _("SHA-256")), "sha256"),
                (Column("issued_at", _("Issued"), ValueKind.TIME), "issued_at"),
            ],
            of=("proposal__subject",),
        ),
    )

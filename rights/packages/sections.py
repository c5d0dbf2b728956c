"""Sections of a copy of a person's data: earlier copies, and who fetched them."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.sections import (
    ACTOR,
    ENDS,
    NUMBER,
    RECORDED,
    STATE,
    Column,
    Section,
    ValueKind,
    get_actor,
    table_section,
)
from rights.packages.models import Package, PackageDownload


def list_package_sections() -> Sequence[Section]:
    """List the sections of copies and of their downloads."""
    return (
        table_section(
            "copies",
            _("Copies of your data"),
            Package,
            [
                (NUMBER, "request__number"),
                (STATE, "state"),
                (Column("built_at", _("Built"), ValueKind.TIME), "built_at"),
                (ENDS, "expires_at"),
                (Column("deleted_at", _("Deleted"), ValueKind.TIME), "ended_at"),
            ],
        ),
        table_section(
            "copy_downloads",
            _("Who fetched copies of your data"),
            PackageDownload,
            [
                (NUMBER, "package__request__number"),
                (Column("way", _("How")), "way"),
                (RECORDED, "at"),
                (ACTOR, get_actor),
            ],
            of=("package__subject",),
        ),
    )

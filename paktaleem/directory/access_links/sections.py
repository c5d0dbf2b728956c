"""Sections of a copy of a person's data: the links and codes for their own pages."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.access_links.models import PageCode, PageLink
from paktaleem.directory.people.copies.sections import (
    ACTOR,
    CHANNEL,
    EXPIRES,
    PART,
    Column,
    Section,
    Source,
    ValueKind,
    get_actor,
    get_part,
    table_section,
)


def list_access_sections() -> Sequence[Section]:
    """List the sections of links and codes; the secrets themselves are not stored."""
    columns: list[tuple[Column, Source]] = [
        (PART, get_part("child", "subject")),
        (Column("page", _("Page")), "page"),
        (CHANNEL, "channel"),
        (Column("created_at", _("Issued"), ValueKind.TIME), "created_at"),
        (EXPIRES, "expires_at"),
        (Column("used_at", _("Used"), ValueKind.TIME), "used_at"),
    ]
    of = ("subject", "child")
    return (
        table_section("links", _("Links to your pages"), PageLink, [*columns, (ACTOR, get_actor)], of=of),
        table_section("codes", _("Codes for your pages"), PageCode, columns, of=of),
    )

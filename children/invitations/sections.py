"""The section of a copy of a person's data: invitations of guardians."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from children.invitations.models import Invitation
from paktaleem.directory.people.copies.sections import (
    CHANNEL,
    PART,
    SENT,
    STATE,
    Column,
    Section,
    Source,
    ValueKind,
    get_part,
    table_section,
)


def list_invitation_sections() -> Sequence[Section]:
    of = ("child", "guardian")
    columns: list[tuple[Column, Source]] = [
        (PART, get_part(*of)),
        (STATE, "state"),
        (CHANNEL, "channel"),
        (Column("asked_at", _("Asked"), ValueKind.TIME), "asked_at"),
        (SENT, "sent_at"),
        (Column("viewed_at", _("Opened"), ValueKind.TIME), "viewed_at"),
        (Column("answered_at", _("Answered"), ValueKind.TIME), "answered_at"),
    ]
    return (table_section("invitations", _("Invitations of guardians"), Invitation, columns, of=of),)

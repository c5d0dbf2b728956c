"""The section of a copy of a person's data: messages sent to them."""

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.mail.kinds import list_message_kinds
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.copies.sections import (
    CHANNEL,
    KIND,
    LANGUAGE,
    SENT,
    STATE,
    Column,
    Section,
    ValueKind,
    table_section,
)


def list_mail_sections() -> Sequence[Section]:
    """List the section of messages; their content is deleted once they are sent."""
    labels = {one.code: _(one.code.replace("_", " ").capitalize()) for one in list_message_kinds()}
    queued = Column("queued_at", _("Queued"), ValueKind.TIME)
    return (
        table_section(
            "messages",
            _("Emails and text messages to you"),
            Letter,
            [
                (replace(KIND, labels=labels), "kind"),
                (CHANNEL, "channel"),
                (LANGUAGE, "language"),
                (STATE, "state"),
                (queued, "queued_at"),
                (SENT, "sent_at"),
            ],
        ),
    )

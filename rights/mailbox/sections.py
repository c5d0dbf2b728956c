"""Section of a copy of a person's data: emails to the support address about their requests."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.sections import (
    STATE,
    TEXT,
    Column,
    Reader,
    Section,
    Value,
    ValueKind,
    table_section,
)
from rights.mailbox.contents import open_content
from rights.mailbox.models import MailMessage
from rights.requests.sections import OF_REQUEST, REQUEST


def _read_mail(name: str, row: Any) -> Value:
    """Return a member of the email of a message; None without content, or once the key of its request is destroyed."""
    if row.content is None or row.request.wrapped is None:
        return None
    email = open_content(row).mail
    return None if email is None else getattr(email, name) or None


def _read_subject(row: Any, _reader: Reader) -> Value:
    return _read_mail("subject", row)


def _read_text(row: Any, _reader: Reader) -> Value:
    return _read_mail("text", row)


def list_mailbox_sections() -> Sequence[Section]:
    """List the section of emails; files are counted, and staff hand them over on request."""
    return (
        table_section(
            "support_emails",
            _("Emails about your requests"),
            MailMessage,
            [
                REQUEST,
                (Column("direction", _("Direction")), "direction"),
                (STATE, "state"),
                (Column("subject", _("Subject")), _read_subject),
                (TEXT, _read_text),
                (Column("files", _("Files"), ValueKind.NUMBER), "files"),
                (Column("received_at", _("Received"), ValueKind.TIME), "received_at"),
            ],
            of=OF_REQUEST,
        ),
    )

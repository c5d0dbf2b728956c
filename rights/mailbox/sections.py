"""Section of a copy of a person's data: emails to the support address about their requests."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.declarations import Copied, Reader, Section, Value
from rights.mailbox.contents import open_content
from rights.mailbox.models import MailMessage
from rights.requests.sections import OF_REQUEST


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


_EMAILS = Copied(
    "support_emails",
    _("Emails about your requests"),
    "number=request__number direction state subject text files received_at",
    of=OF_REQUEST,
    titles={"subject": _("Subject"), "files": _("Files")},
    read={"subject": _read_subject, "text": _read_text},
)


def list_mailbox_sections() -> Sequence[Section]:
    """List the section of emails; files are counted, and staff hand them over on request."""
    return (_EMAILS.make_section(MailMessage),)

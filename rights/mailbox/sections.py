"""Section of a copy of a person's data: emails to the support address about their requests."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.declarations import Copied, Reader, Section, Source, Value
from rights.mailbox.contents import open_content
from rights.mailbox.models import MailMessage
from rights.requests.sections import OF_REQUEST


def _open(name: str) -> Source:
    def read(row: Any, _reader: Reader) -> Value:
        if row.content is None or row.request.wrapped is None:
            return None
        email = open_content(row).mail
        return None if email is None else getattr(email, name) or None

    return read


_EMAILS = Copied(
    "support_emails",
    _("Emails about your requests"),
    "number=request__number direction state subject text files received_at",
    of=OF_REQUEST,
    titles={"subject": _("Subject"), "files": _("Files")},
    read={"subject": _open("subject"), "text": _open("text")},
)


def list_mailbox_sections() -> Sequence[Section]:
    """List the section of emails; files are counted, and staff hand them over on request."""
    return (_EMAILS.make_section(MailMessage),)

"""The section of a copy of a person's data: messages sent to them."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.services import list_message_kinds
from paktaleem.directory.people.copies.declarations import Copied, Section


def list_mail_sections() -> Sequence[Section]:
    """List the section of messages; their content is deleted once they are sent."""
    messages = Copied(
        "messages",
        _("Emails and text messages to you"),
        "kind channel language state queued_at sent_at",
        titles={"queued_at": _("Queued")},
        labels={"kind": {one.code: _(one.code.replace("_", " ").capitalize()) for one in list_message_kinds()}},
    )
    return (messages.make_section(Letter),)

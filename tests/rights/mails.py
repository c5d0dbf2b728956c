"""Build emails for tests, take them, and do the worker's part."""

from email.message import EmailMessage
from typing import Any

from paktaleem.foundation.tenancy.context import as_officer
from rights.mailbox.contents import open_content
from rights.mailbox.intake import take_mail
from rights.mailbox.models import MailMessage
from rights.requests.models import RightsRequest
from rights.requests.services.intake import MATCH_SENDER
from rights.requests.tasks import match_sender_of_request
from tests.access_links import visiting
from tests.working import work as work_on

US = "privacy@portal.example"
SENDER = "someone@mail.example"
TASKS: dict[str, Any] = {**visiting.TASKS, MATCH_SENDER: match_sender_of_request}


def work():
    work_on(TASKS)


def made(text="What do you have about me?", sender=SENDER, file=None, **headers):
    """Return an email; an underscore in the name of a header is a hyphen, None leaves the header out.

    A file is given by its name and content.
    """
    mail = EmailMessage()
    given = {
        "From": sender,
        "To": US,
        "Subject": "A question",
        "Message-ID": f"<{abs(hash((text, sender)))}@mail.example>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    for name, value in given.items():
        if value is not None:
            mail[name] = value
    mail.set_content(text)
    if file:
        mail.add_attachment(file[1], maintype="text", subtype="html", filename=file[0])
    return mail.as_bytes()


def raw(*lines):
    return b"\r\n".join(one if isinstance(one, bytes) else one.encode() for one in lines)


def taken(mail, **given):
    message = take_mail(mail, **given)
    assert message is not None
    return message


def list_mail():
    with as_officer():
        return list(MailMessage.objects.select_related("request").order_by("pk"))


def list_requests():
    with as_officer():
        return list(RightsRequest.objects.select_related("client").order_by("pk"))


def content_of(message):
    with as_officer():
        return open_content(MailMessage.objects.select_related("request").get(pk=message.pk))

"""The console act that sends a person an access link to their own page."""

from django.http import HttpRequest
from django.urls import reverse

from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.services import send_access_link
from paktaleem.directory.mail.models import Channel
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.console.forms import FormData
from paktaleem.foundation.console.person_pages import person_acts
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.row_actions import RowAction


def _invite(subject: Subject, given: FormData, request: HttpRequest) -> None:
    del given
    portal = get_public_url(request)
    send_access_link(
        subject,
        page=Page.CHOICES,
        address=lambda token: portal + reverse("choices-link", args=[token]),
        channel=Channel.MAIL if subject.email is not None else Channel.TEXT,
        actor=actor_of(request),
        at=get_arrival_time(request),
    )


person_acts.connect(
    RowAction(
        "invite",
        "Send a link to their choices",
        Capability.ISSUE_LINKS,
        _invite,
        lead="The person receives a link to their own page by email, or by text message if no email address is on "
        "file. The link is valid for seven days; the page opens only with a one-time code sent to the same address.",
        done="The invitation is being sent.",
        applies=lambda row, _: row.erased_at is None and (row.email is not None or row.phone is not None),
    )
)

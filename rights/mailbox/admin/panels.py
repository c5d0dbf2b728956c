"""The messages of a request, on its console page: the list, and the act that reads them."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from paktaleem.directory.mail.models import Letter
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.added_actions import AddedAct, added_acts
from paktaleem.foundation.console.columns import moment
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.first_rows import take_first
from rights.mailbox.admin.messages import describe_content
from rights.mailbox.services.handling import MOST_MESSAGES, list_messages_of, read_messages_of_request
from rights.requests.admin.panels import request_panels
from rights.requests.models.requests import RightsRequest

__all__: list[str] = []


@request_panels.connect
def show_messages(_request: HttpRequest, row: RightsRequest) -> dict[str, Any]:
    """Return the panel of what was received and sent about a request, without texts and addresses."""
    received: list[dict[str, Any]] = [
        {
            "at": one.received_at,
            "direction": gettext("Received"),
            "what": one.get_state_display(),
            "files": one.files,
            "url": reverse("admin:mailbox_mailmessage_change", args=[one.pk], current_app=site.name),
        }
        for one in list_messages_of(row)[: MOST_MESSAGES + 1]
    ]
    letters = Letter.objects.filter(client_id=row.client_id, related_id=row.pk, user=None)
    sent: list[dict[str, Any]] = [
        {
            "at": one.queued_at,
            "direction": gettext("Sent"),
            "what": one.get_state_display(),
            "files": 0,
            "url": reverse("admin:mail_letter_change", args=[one.pk], current_app=site.name),
        }
        for one in letters.defer("context", "address").order_by("queued_at", "pk")[: MOST_MESSAGES + 1]
    ]
    lines = take_first(sorted([*received, *sent], key=lambda line: line["at"]), MOST_MESSAGES)
    return {"template": "console/panels/mail_messages.html", "lines": lines}


def _read(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    found = read_messages_of_request(row, reason=given["reason"], actor=actor_of(request), at=get_action_time(request))
    shown = found.with_rows(
        (f"{moment(message.received_at)} · {label}", text)
        for message, content in found
        for label, text in describe_content(content)
    )
    owner: Any = site.get_model_admin(RightsRequest)
    context = {"title": gettext("Messages of the request"), "shown": shown, "row_url": owner.url_of("change", row)}
    page: HttpResponse = owner.page(request, row, "console/revealed.html", **context)
    return page


added_acts.connect(
    AddedAct(
        RightsRequest._meta.label_lower,
        RowAction(
            "messages",
            "Read messages",
            Capability.HANDLE_RIGHTS_REQUESTS,
            _read,
            lead="Shows the emails about this request. It is not verified who wrote them. Your access is recorded with "
            "your name and reason.",
            applies=lambda row, _: row.wrapped is not None and list_messages_of(row).exists(),
            refusals={CannotOpen: "The texts of this request have been deleted."},
        ),
        after="read",
    )
)

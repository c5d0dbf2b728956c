"""The page of a person's own requests: its address, and extension points for what apps above add to it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.ip_addresses import build_public_url
from paktaleem.foundation.extensions.points import ExtensionPoint
from rights.requests.models import RightsRequest

__all__ = ["get_start_url", "next_steps", "own_page_extras", "own_page_notices"]

type OwnPageExtra = Callable[[RightsRequest, datetime], dict[str, Any] | None]
type NextStep = Callable[[RightsRequest], str | None]
type OwnPageNotices = Callable[[Subject, datetime], Iterable[dict[str, Any]]]

own_page_extras: ExtensionPoint[OwnPageExtra] = ExtensionPoint(
    "rights.own_page_extras", "What is shown beside a request on the person's own page: a template and its values."
)
next_steps: ExtensionPoint[NextStep] = ExtensionPoint(
    "rights.next_steps", "Name of the page that follows a new request of a person, with its id as argument, or None."
)
own_page_notices: ExtensionPoint[OwnPageNotices] = ExtensionPoint(
    "rights.own_page_notices", "What is shown above the requests on the person's own page: templates and their values."
)


def get_start_url(request: RightsRequest) -> str:
    """Return the absolute URL at which the sender gets to their requests with a code.

    For a guardian it is their own page, where the requests are below each child; ``request.client`` must be readable.
    """
    page = "requests-start" if request.requester_id is None else "guardian-start"
    return build_public_url(reverse(page, args=[request.client.code]))

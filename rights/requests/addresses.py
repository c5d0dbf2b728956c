"""The address at which people get to their own requests."""

from django.urls import reverse

from paktaleem.foundation.accounts.ip_addresses import build_public_url
from rights.requests.models.requests import RightsRequest


def get_start_url(request: RightsRequest) -> str:
    """Return the absolute URL at which the sender gets to their requests with a code.

    For a guardian it is their own page, where the requests are below each child; ``request.client`` must be readable.
    """
    page = "requests-start" if request.requester_id is None else "guardian-start"
    return build_public_url(reverse(page, args=[request.client.code]))

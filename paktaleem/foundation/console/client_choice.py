"""Pages about one client as a whole, such as its retention schedule: an officer chooses the client."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.filters import CLIENT_PARAMETER, get_filtered_client
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.tenancy.rows import PAKTALEEM


def get_chosen_client(request: HttpRequest) -> Client:
    """Return the user's own client, or the one that an officer chose, otherwise PakTaleem.

    Raises PermissionDenied for a client that the user does not see, SuspiciousOperation (400) for an id that is none.
    """
    client: Client | None = Client.objects.filter(pk=get_filtered_client(request) or PAKTALEEM).first()
    if client is None:
        raise PermissionDenied
    return client


def list_choice_values(request: HttpRequest, client: Client) -> dict[str, Any]:
    """Return what ``console/choose_client.html`` shows: the client, and for officers all others by name."""
    is_officer = actor_of(request).client_id is None
    clients = list(Client.objects.order_by("name")) if is_officer else []
    return {"client": client, "clients": clients, "parameter": CLIENT_PARAMETER}

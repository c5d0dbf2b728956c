"""The weekly digest on a page of each client."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from paktaleem.directory.staff.administration.client_pages import ClientPage, client_pages
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.site import list_cards, select_attention, site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.reports.digests import describe_looks, find_last_week


def _show_digest(request: HttpRequest, client: Client | None) -> dict[str, Any]:
    if client is None:
        return {}
    actor, at = actor_of(request), get_action_time(request)
    week = find_last_week(at, client.time_zone)
    with in_client(client.pk):
        return {
            "week": week,
            "looks": describe_looks(client.pk, week),
            "looks_url": reverse("admin:people_accessrecord_changelist", current_app=site.name),
            "waiting": select_attention(list_cards(actor, at)) if actor.client_id is not None else [],
            "is_own": actor.client_id is not None,
        }


client_pages.connect(
    ClientPage("digest", "Weekly digest", Capability.VIEW_ACCESS_LOG, "console/digest.html", _show_digest)
)

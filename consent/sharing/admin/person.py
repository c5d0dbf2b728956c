"""The recipients of a person's data on their page in the console."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from consent.sharing.admin.disclosures import render_decision
from consent.sharing.selectors import list_disclosures_of, list_legal_disclosures_of
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.person_pages import DISCLOSURES, on_tab
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, may
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client

__all__ = ["disclosures_panel"]

_MOST = 50


@on_tab(DISCLOSURES)
def disclosures_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Show who received the person's data, when and for what: the latest fifty disclosures. Runs two queries."""
    if not may(request, Capability.VIEW_DISCLOSURES, row.client_id):
        return None
    with in_client(row.client_id):
        found = list(list_disclosures_of(row, actor=actor_of(request))[: _MOST + 1])
    return {
        "template": "console/panels/disclosures.html",
        "legal": _list_legal(request, row),
        "rows": [
            {"one": one, "purpose": format_purpose(one.purpose, one.client_id), "decision": render_decision(one)}
            for one in found[:_MOST]
        ],
        "has_more": len(found) > _MOST,
    }


def _list_legal(request: HttpRequest, row: Subject) -> list[dict[str, Any]]:
    """List the demands of authorities for the person's data, to those who may see them."""
    if not may(request, Capability.VIEW_LEGAL_DISCLOSURES, row.client_id):
        return []
    with in_client(row.client_id):
        found = list(list_legal_disclosures_of(row, actor=actor_of(request))[:_MOST])
    name = "admin:sharing_legaldisclosure_change"
    return [{"one": one, "url": reverse(name, args=[one.pk], current_app=site.name)} for one in found]

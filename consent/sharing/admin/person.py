"""The recipients of a person's data on their page in the console."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from consent.sharing.admin.disclosures import render_decision
from consent.sharing.models.disclosures import Disclosure
from consent.sharing.models.legal import LegalDisclosure
from consent.sharing.selectors import list_disclosures_of, list_legal_disclosures_of
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.person_pages import DISCLOSURES, list_url_of_person, on_tab
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, may
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_latest
from paktaleem.foundation.tenancy.context import in_client

_MOST = 50


@on_tab(DISCLOSURES)
def disclosures_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Show who received the person's data, when and for what: the latest fifty disclosures. Runs two queries."""
    if not may(request, Capability.VIEW_DISCLOSURES, row.client_id):
        return None
    with in_client(row.client_id):
        found = take_latest(list_disclosures_of(row, actor=actor_of(request)), _MOST)
    return {
        "template": "console/panels/disclosures.html",
        "legal": _list_legal(request, row),
        "rows": found.map(
            lambda one: {
                "one": one,
                "purpose": format_purpose(one.purpose, one.client_id),
                "decision": render_decision(one),
            }
        ),
        "all_url": list_url_of_person(Disclosure, row.pk),
        "all_legal_url": list_url_of_person(LegalDisclosure, row.pk),
    }


def _list_legal(request: HttpRequest, row: Subject) -> Sequence[dict[str, Any]]:
    """List the demands of authorities for the person's data, to those who may see them."""
    if not may(request, Capability.VIEW_LEGAL_DISCLOSURES, row.client_id):
        return []
    with in_client(row.client_id):
        found = take_latest(list_legal_disclosures_of(row, actor=actor_of(request)), _MOST)
    name = "admin:sharing_legaldisclosure_change"
    return found.map(lambda one: {"one": one, "url": reverse(name, args=[one.pk], current_app=site.name)})

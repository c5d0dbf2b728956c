"""People in the search box: by LMS id, and with a reason by name, email or phone. Every search is recorded."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from paktaleem.directory.people.admin.people import person_url
from paktaleem.directory.people.admin.roles import describe_roles
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import BY_ID, filter_by_id_prefix, list_same_person
from paktaleem.directory.people.services.searches import find_people, record_id_search
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import client_name
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.search import MOST_OF_A_KIND, Hit, Hits, SearchText, personal_searches, searches
from paktaleem.foundation.first_rows import take_first
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM


@searches.connect
def search_by_lms_id(request: HttpRequest, wanted: SearchText) -> Hits:
    """Find people by the beginning of their LMS id, or by the portal's id; recorded without the text."""
    name = _("People by LMS id")
    if not may(request, Capability.VIEW_SUBJECTS):
        return Hits(name, [])
    actor = actor_of(request)
    client_id = actor.client_id or PAKTALEEM
    with in_client(client_id):
        record_id_search(client_id=client_id, actor=actor, at=get_action_time(request))
    found = take_first(_select(wanted).annotate(owner_name=client_name()), MOST_OF_A_KIND)
    return Hits(name, found.map(lambda one: _hit(one, wanted, request)))


@personal_searches.connect
def search_by_personal_data(request: HttpRequest, wanted: SearchText, client: Client, reason: str) -> Hits:
    """Find people of one client by an exact name, email or phone; recorded with the reason and each person found."""
    name = _("People by name, email or phone")
    if not may(request, Capability.VIEW_SUBJECTS, client.pk):
        return Hits(name, [])
    with in_client(client.pk):
        terms: dict[str, Any] = {"client_id": client.pk, "actor": actor_of(request), "reason": reason}
        found = find_people(wanted.text, at=get_action_time(request), **terms)
    return Hits(name, found.map(lambda one: _hit(one, wanted, request)))


def _select(wanted: SearchText) -> QuerySet[Subject]:
    if wanted.id is not None:
        return Subject.objects.filter(pk=wanted.id)
    return filter_by_id_prefix(Subject.objects.order_by(BY_ID.asc(), "id"), wanted.text, any_case=True)


def _hit(row: Subject, wanted: SearchText, request: HttpRequest) -> Hit:
    owner = getattr(row, "owner_name", "") if actor_of(request).client_id is None else ""
    others = ", ".join(map(str, list_same_person(row)))
    parts = [owner, describe_roles(row), _("One person with") + f" {others}" if others else ""]
    note = " · ".join(part for part in parts if part)
    is_exact = wanted.id is not None or (row.external_id or "").casefold() == wanted.text.casefold()
    return Hit(str(row), person_url(row.pk), note, is_exact=is_exact)

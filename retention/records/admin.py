"""Console page of the record of processing."""

import json
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext, gettext_lazy as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.console.exporting import Format, send_table
from paktaleem.foundation.console.forms import get_chosen_client, list_choice_values
from paktaleem.foundation.console.home_pages import Card, HomePage, home_pages
from paktaleem.foundation.console.paging import format_count
from paktaleem.foundation.console.requests import get_action_time, may
from paktaleem.foundation.console.row_actions import send_file
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.records.record import BOX, build_document, draw_flows, find_gaps
from retention.records.services import (
    build_record,
    count_gaps,
    describe_contact,
    describe_gap,
    list_controllers,
    list_file_headings,
    list_file_rows,
    list_headings,
    list_measures,
    to_cells,
)

_DOCUMENT = "jsonld"


def show_record(request: HttpRequest, context: dict[str, object]) -> HttpResponseBase:
    """Show the record of a client, its gaps and the picture of its flows; ``?as=`` returns it as a file."""
    client, at = get_chosen_client(request), get_action_time(request)
    if not may(request, Capability.VIEW_REGISTER, client.pk):
        raise PermissionDenied
    clients = list_controllers(at=at) if client.pk == PAKTALEEM else ()
    with in_client(client.pk):
        record = build_record(client, at=at, language=get_language() or "en", clients=clients)
    kind = request.GET.get("as", "")
    name = f"record-of-processing-{client.code}-{record.on:%Y%m%d}"
    if kind == _DOCUMENT:
        body = json.dumps(build_document(record, base=get_public_url(request)), ensure_ascii=False, indent=2)
        return send_file(body, f"{name}.{kind}", "application/ld+json")
    if kind in set(Format):
        return send_table(name, Format(kind), list_file_headings(), list_file_rows(record))
    if kind:
        raise Http404
    values = {
        **list_choice_values(request, client),
        "record": record,
        "contacts": [(one.person, describe_contact(one)) for one in record.contacts],
        "headings": list_headings(),
        "rows": [to_cells(one) for one in record.activities],
        "gaps": [describe_gap(gap) for gap in find_gaps(record)],
        "measures": list_measures(),
        "picture": draw_flows(record, mirrored=get_language() == "ur"),
        "box": BOX,
    }
    return TemplateResponse(request, "console/record.html", {**context, **values})


home_pages.connect(HomePage("record", _("Record of processing"), Capability.VIEW_REGISTER, show_record))


@boards.connect
def record_board(actor: Actor, at: datetime) -> list[Card]:
    """Return a card about the gaps in the actor's own record, PakTaleem's for officers; one query, see count_gaps."""
    if not actor.may(Capability.MANAGE_REGISTER):
        return []
    count = count_gaps(actor.client_id or PAKTALEEM, at=at)
    if not count:
        return []
    url = reverse("admin:record", current_app=site.name)
    title, note = gettext("Gaps in the record of processing"), gettext("to be filled in")
    return [Card(title, format_count(count), note, f"{url}#gaps", Severity.TO_DO)]

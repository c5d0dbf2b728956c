"""Console pages of the record of processing."""

import json
from datetime import datetime

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, gettext

from consent.register.admin.safeguards import RegisterAdmin
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.console.exporting import Format, send_table
from paktaleem.foundation.console.forms import get_chosen_client, list_choice_values
from paktaleem.foundation.console.home_pages import Card
from paktaleem.foundation.console.model_admin import Saving
from paktaleem.foundation.console.paging import format_count
from paktaleem.foundation.console.requests import get_action_time
from paktaleem.foundation.console.row_actions import send_file
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.records.models import ImpactAssessment
from retention.records.record import BOX, ProcessingRecord, build_document, draw_flows, find_gaps
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
    review_assessment,
    save_assessment,
    to_cells,
)

_DOCUMENT = "jsonld"


@admin.register(ImpactAssessment, site=site)
class ImpactAssessmentAdmin(RegisterAdmin[ImpactAssessment]):
    row_fields = ("purpose", "reference", "outcome", "summary", "done_on", "review_on")
    fixed = ("purpose",)
    loaded = ("purpose",)
    list_display = ("purpose", "reference", "outcome", "done_on", "review_on", "owner")
    list_filter = ("outcome", "client")
    change_list_template = "console/assessments.html"
    intro = (
        "Documents of impact assessments that were made elsewhere. PakTaleem’s count at every client; a client’s own "
        "takes precedence. Decisions count what two people approved under Assessments."
    )
    empty_text = "No impact assessment yet."
    acts = (review_assessment,)

    def write(self, row: ImpactAssessment, saving: Saving) -> None:
        save_assessment(row, **saving.by)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("record/", view(self.record_view), name="records_impactassessment_record"),
            path("record/<str:kind>/", view(self.file_view), name="records_impactassessment_file"),
            *super().get_urls(),
        ]

    def record_view(self, request: HttpRequest) -> HttpResponse:
        """Show the record of a client, its gaps, and the picture of its flows with a description."""
        client, record = self._record(request)
        values = {
            "title": gettext("Record of processing"),
            **list_choice_values(request, client),
            "query": request.GET.urlencode(),
            "record": record,
            "contacts": [(one.person, describe_contact(one)) for one in record.contacts],
            "headings": list_headings(),
            "rows": [to_cells(one) for one in record.activities],
            "gaps": [describe_gap(gap) for gap in find_gaps(record)],
            "measures": list_measures(),
            "picture": draw_flows(record, mirrored=get_language() == "ur"),
            "box": BOX,
        }
        return self.page(request, None, "console/record.html", **values)

    def file_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """Return the record as a spreadsheet or as JSON-LD."""
        client, record = self._record(request)
        name = f"record-of-processing-{client.code}-{record.on:%Y%m%d}"
        if kind == _DOCUMENT:
            body = json.dumps(build_document(record, base=get_public_url(request)), ensure_ascii=False, indent=2)
            return send_file(body, f"{name}.{kind}", "application/ld+json")
        if kind not in set(Format):
            raise Http404
        return send_table(name, Format(kind), list_file_headings(), list_file_rows(record))

    def _record(self, request: HttpRequest) -> tuple[Client, ProcessingRecord]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        client, at = get_chosen_client(request), get_action_time(request)
        clients = list_controllers(at=at) if client.pk == PAKTALEEM else ()
        with in_client(client.pk):
            return client, build_record(client, at=at, language=get_language() or "en", clients=clients)


@boards.connect
def record_board(actor: Actor, at: datetime) -> list[Card]:
    """Return a card about the gaps in the actor's own record, PakTaleem's for officers; one query, see count_gaps."""
    if not actor.may(Capability.MANAGE_REGISTER):
        return []
    count = count_gaps(actor.client_id or PAKTALEEM, at=at)
    if not count:
        return []
    url = reverse("admin:records_impactassessment_record", current_app=site.name)
    title, note = gettext("Gaps in the record of processing"), gettext("to be filled in")
    return [Card(title, format_count(count), note, f"{url}#gaps", Severity.TO_DO)]

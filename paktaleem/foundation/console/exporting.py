"""Export of lists as files: the filtered rows without encrypted fields, with a ledger entry for each export."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.console.forms import ReasonField
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.person_pages import PersonRows
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.spreadsheets import Format, write_sheet
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM

__all__ = ["ExportableAdmin", "iterate_rows"]

MOST_ROWS = 500_000
ROWS_AT_ONCE = 2_000
IN_MEMORY = 1_048_576
TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_CODE = re.compile(r"\A[a-z0-9_.:-]{1,40}\Z")
_CLIENT_PARAMETER = "client__id__exact"


class ExportForm(forms.Form):
    """Format and reason of an export."""

    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[(Format.XLSX, "Excel (XLSX)"), (Format.CSV, "CSV")],
        widget=forms.RadioSelect,
        initial=Format.XLSX,
    )
    reason = ReasonField()


class ExportableAdmin(PersonRows, ScopedAdmin):
    """Admin whose list can be exported by users with the capability."""

    exported: ClassVar[Mapping[str, str]] = {}
    """Headings and field paths. ``id`` and ``client`` (its code) are added first."""

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Return True if the user may see the list and may export."""
        return self.has_view_permission(request) and may(request, Capability.EXPORT_ROWS)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Add the export link to the list."""
        context = {"may_export": self.has_export_permission(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_urls(self) -> list[URLPattern]:
        """Add the export page."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Ask for format and reason, then return the file."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        found = self._filtered_rows(request)
        number = found.order_by()[: MOST_ROWS + 1].count()
        form = ExportForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid() and number <= MOST_ROWS:
            return self._build_file(request, found, Format(form.cleaned_data["format"]), form.cleaned_data["reason"])
        return self._export_page(request, form, number)

    def _filtered_rows(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows of the list with the filters of the URL."""
        try:
            return self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters as error:
            raise BadRequest from error

    def _export_page(self, request: HttpRequest, form: ExportForm, number: int) -> HttpResponse:
        request.current_app = self.admin_site.name
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        back = reverse(name, current_app=self.admin_site.name)
        query = request.GET.urlencode()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Export"),
            "form": form,
            "number": number,
            "most": MOST_ROWS,
            "is_too_much": number > MOST_ROWS,
            "back": f"{back}?{query}" if query else back,
            "headings": [*_first_columns(), *self.exported],
        }
        return TemplateResponse(request, "console/export.html", context)

    def _build_file(self, request: HttpRequest, found: QuerySet[Any], kind: Format, reason: str) -> FileResponse:
        file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 -- the response closes it
        columns = {"id": "pk", "client": "of_client", **self.exported}
        code = Subquery(Client.objects.filter(pk=OuterRef("client_id")).values("code")[:1])
        rows = iterate_rows(found.annotate(of_client=code), tuple(columns.values()))
        number = write_sheet(kind, file, tuple(columns), rows)
        self._record_export(request, kind, reason, number)
        file.seek(0)
        name = f"{self.opts.model_name}-{get_action_time(request):%Y%m%dT%H%M%SZ}.{kind}"
        return FileResponse(file, as_attachment=True, filename=name, content_type=TYPES[kind])

    def _record_export(self, request: HttpRequest, kind: Format, reason: str, number: int) -> None:
        """Record the export in the ledger of the rows' client, or PakTaleem's for several clients."""
        actor = actor_of(request)
        client_id = actor.client_id or _filtered_client(request) or PAKTALEEM
        facts = {
            "list": f"{self.opts.app_label}.{self.opts.model_name}",
            "format": str(kind),
            "reason": reason,
            "filters": _filters(request),
            "rows": number,
        }
        with in_client(client_id):
            record_entry("list.exported", client_id=client_id, facts=facts, actor=actor, at=get_action_time(request))


def _first_columns() -> tuple[str, ...]:
    return ("id", "client")


def iterate_rows(found: QuerySet[Any], fields: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield rows in the order of their keys (the first field), in batches, with constant memory.

    Server-side cursors are not used, because PgBouncer does not support them.
    """
    ordered = found.order_by("pk").values_list(*fields)
    page = list(ordered[:ROWS_AT_ONCE])
    while page:
        yield from page
        page = list(ordered.filter(pk__gt=page[-1][0])[:ROWS_AT_ONCE])


def _filtered_client(request: HttpRequest) -> UUID | None:
    """Return the client the list is filtered by, or None; the list has validated the id."""
    wanted = request.GET.get(_CLIENT_PARAMETER)
    found: UUID | None = Client.objects.filter(pk=wanted).values_list("pk", flat=True).first() if wanted else None
    return found


def _filters(request: HttpRequest) -> dict[str, str]:
    """Return the filters for the ledger: codes unchanged, free text only as ``…``."""
    return {
        name: (str(value) if name != SEARCH_VAR and _CODE.match(str(value)) else "…")
        for name, value in request.GET.items()
        if _CODE.match(name)
    }

"""Export of lists as files: the filtered rows without encrypted fields, with a ledger entry for each export."""

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
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
from paktaleem.foundation.console.spreadsheets import TYPES, Format, write_sheet
from paktaleem.foundation.extensions.points import ExtensionPoint
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM

AT_ONCE = 5_000
"""Largest export that a request writes itself: under a second; a larger one is written by the worker."""
MOST_ROWS = 500_000
ROWS_AT_ONCE = 2_000
IN_MEMORY = 1_048_576
_CODE = re.compile(r"\A[a-z0-9_.:-]{1,40}\Z")
_CLIENT_PARAMETER = "client__id__exact"


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """A large export as the person requested it, for ``large_exports``.

    ``list`` is the model (``app_label.model``), ``facts`` are what the ledger says about it, ``query`` is the URL's
    query string, which may hold what the person typed. ``client_id`` is the client to which the ledger entry belongs.
    """

    list: str
    format: Format
    reason: str
    query: str
    facts: Mapping[str, Any]
    rows: int
    client_id: UUID
    capability: Capability


large_exports: ExtensionPoint[Callable[[HttpRequest, ExportOrder], str]] = ExtensionPoint(
    "console.large_exports", "Has the worker write a large export of a list; returns the address of its page."
)


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
        found = self.find_export_rows(request)
        number = found.order_by()[: MOST_ROWS + 1].count()
        form = ExportForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid() and number <= MOST_ROWS:
            kind, reason = Format(form.cleaned_data["format"]), form.cleaned_data["reason"]
            if number > AT_ONCE:
                return self._order_file(request, kind, reason, number)
            return self._build_file(request, found, kind, reason)
        return self._export_page(request, form, number)

    @property
    def export_columns(self) -> Mapping[str, str]:
        """The headings of an export, and the field path of each."""
        return {"id": "pk", "client": "of_client", **self.exported}

    def find_export_rows(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows of an export, with the code of each row's client. Raises BadRequest for a bad filter."""
        code = Subquery(Client.objects.filter(pk=OuterRef("client_id")).values("code")[:1])
        found: QuerySet[Any] = self._filtered_rows(request).annotate(of_client=code)
        return found

    def _filtered_rows(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows of the list with the filters of the URL."""
        try:
            return self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters as error:
            raise BadRequest from error

    def _order_file(self, request: HttpRequest, kind: Format, reason: str, number: int) -> HttpResponse:
        """Have the worker write the file, and lead to its page."""
        order = ExportOrder(
            self.opts.label_lower,
            kind,
            reason,
            request.GET.urlencode(),
            self._describe_export(request, kind, reason, number),
            number,
            _owner_of(request),
            self.view_capability,
        )
        [write] = large_exports
        return HttpResponseRedirect(write(request, order))

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
            "is_large": AT_ONCE < number <= MOST_ROWS,
            "back": f"{back}?{query}" if query else back,
            "headings": list(self.export_columns),
        }
        return TemplateResponse(request, "console/export.html", context)

    def _build_file(self, request: HttpRequest, found: QuerySet[Any], kind: Format, reason: str) -> FileResponse:
        file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 -- the response closes it
        columns = self.export_columns
        number = write_sheet(kind, file, tuple(columns), iterate_rows(found, tuple(columns.values())))
        self._record_export(request, kind, reason, number)
        file.seek(0)
        name = f"{self.opts.model_name}-{get_action_time(request):%Y%m%dT%H%M%SZ}.{kind}"
        return FileResponse(file, as_attachment=True, filename=name, content_type=TYPES[kind])

    def _record_export(self, request: HttpRequest, kind: Format, reason: str, number: int) -> None:
        """Record the export in the ledger of the rows' client, or PakTaleem's for several clients."""
        client_id, facts = _owner_of(request), self._describe_export(request, kind, reason, number)
        by: dict[str, Any] = {"actor": actor_of(request), "at": get_action_time(request)}
        with in_client(client_id):
            record_entry("list.exported", client_id=client_id, facts=facts, **by)

    def _describe_export(self, request: HttpRequest, kind: Format, reason: str, number: int) -> dict[str, Any]:
        """Return what the ledger says about an export."""
        return {
            "list": f"{self.opts.app_label}.{self.opts.model_name}",
            "format": str(kind),
            "reason": reason,
            "filters": _filters(request),
            "rows": number,
        }


def _owner_of(request: HttpRequest) -> UUID:
    """Return the client of an export's rows, or PakTaleem for those of several clients."""
    return actor_of(request).client_id or _filtered_client(request) or PAKTALEEM


def iterate_rows(found: QuerySet[Any], fields: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield rows in the order of their keys (the first field), in batches, with constant memory.

    Server-side cursors are not used, because PgBouncer does not support them.
    """
    page = read_page(found, fields)
    while page:
        yield from page
        page = read_page(found, fields, after=page[-1][0])


def read_page(found: QuerySet[Any], fields: tuple[str, ...], *, after: UUID | None = None) -> list[tuple[Any, ...]]:
    """Return the first rows, or those after a key, in the order of their keys (the first field)."""
    ordered = found.order_by("pk").values_list(*fields)
    return list((ordered if after is None else ordered.filter(pk__gt=after))[:ROWS_AT_ONCE])


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

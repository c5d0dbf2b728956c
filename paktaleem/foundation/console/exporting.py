"""Export of lists as files: the filtered rows without encrypted fields, with a ledger entry for each export.

Both are written as a stream: nothing is read back, and nothing is stored elsewhere, so that a file can be encrypted
while it is written. A workbook has one sheet of plain cells (ECMA-376 part 1, §18.3).
"""

# One function makes each cell of both formats and defuses formulas. A small file is complete before the response
# begins, so that the ledger has the true number of rows. Not django-import-export: it holds all rows in memory.

import csv
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Any, ClassVar, Protocol, cast
from uuid import UUID
from xml.sax.saxutils import escape

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
from paktaleem.foundation.operations.extensions.points import ExtensionPoint
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.cells import format_cell

LONGEST_CELL = 32_767
"""Excel's limit of characters per cell."""


class Format(StrEnum):
    """File format."""

    CSV = "csv"
    XLSX = "xlsx"


TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Sink(Protocol):
    """Target of a sheet; it is not read and has no positions."""

    def write(self, data: bytes, /) -> int:
        """Write bytes; return how many."""
        ...

    def flush(self) -> None:
        """Do nothing, or pass on what was written."""
        ...


def write_sheet(kind: Format, file: Sink | IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write header and rows to a file and return the number of rows."""
    number = 0
    with open_sheet(kind, file, header) as write_row:
        for number, row in enumerate(rows, 1):  # noqa: B007 -- the last number is the count
            write_row(row)
    return number


@contextmanager
def open_sheet(kind: Format, file: Sink | IO[bytes], header: Sequence[str]) -> Iterator[Callable[[Sequence[Any]], Any]]:
    """Write the header, and yield the function that writes a row; the file is complete when the context ends."""
    with _FORMATS[kind](file) as write_cells:
        write_cells(header)
        yield lambda row: write_cells([format_cell(value) for value in row])


class _Text:
    """A text file on a sink, for ``csv``."""

    def __init__(self, out: Sink) -> None:
        self._out = out

    def write(self, text: str) -> None:
        self._out.write(text.encode())


@contextmanager
def _open_csv(out: Sink) -> Iterator[Callable[[Sequence[Any]], Any]]:
    out.write(b"\xef\xbb\xbf")  # spreadsheet programs then read it as UTF-8
    yield csv.writer(cast("Any", _Text(out))).writerow


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_MEDIA}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_MEDIA}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">'
    '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
_SHEET_BEGINS = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
    'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
_SHEET_ENDS = "</sheetData></worksheet>"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
"""Characters that XML cannot hold, and what looks like the way Excel writes them (ECMA-376 part 1, §22.9.2.19)."""


@contextmanager
def _open_xlsx(out: Sink) -> Iterator[Callable[[Sequence[Any]], Any]]:
    """Write a workbook whose texts are in their cells, so that it needs no table of texts in memory."""
    with zipfile.ZipFile(cast("Any", out), "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in _PARTS.items():
            book.writestr(name, _XML + text)
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(_SHEET_BEGINS.encode())
            yield lambda row: sheet.write(f"<row>{''.join(map(_format_xml_cell, row))}</row>".encode())
            sheet.write(_SHEET_ENDS.encode())


def _format_xml_cell(value: str | float) -> str:
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    if not value:
        return "<c/>"
    text = _NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", value[:LONGEST_CELL])
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


_FORMATS = {Format.CSV: _open_csv, Format.XLSX: _open_xlsx}


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

"""Export of lists as files: the filtered rows without encrypted fields, with a ledger entry for each export.

A file is streamed, and nothing of it is stored. A workbook has one sheet of plain cells (ECMA-376 part 1, §18.3).
"""

# One function makes each cell of both formats and defuses formulas. The entry is committed before the first byte is
# sent. Each page of rows is read by key in a context of its own, not by a server-side cursor: between two parts of a
# stream the same thread and connection answer other requests. If reading fails, the connection is cut, and the browser
# says that the download failed. Not openpyxl or XlsxWriter: they keep the rows in a temporary file in clear. Not
# django-import-export: it holds all rows in memory.

import csv
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import chain, islice
from typing import Any, ClassVar, cast
from xml.sax.saxutils import escape

from django import forms
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.middleware import open_context_of
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.console.forms import ReasonField, get_chosen_client
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.person_pages import PersonRows
from paktaleem.foundation.console.requests import actor_of, by_user, get_action_time, may
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.text.cells import format_cell, parse_columns

LONGEST_CELL = 32_767
"""Excel's limit of characters per cell."""


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def send_table(
    name: str, kind: Format, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> StreamingHttpResponse:
    """Return a response with a short table as a file; it is written now, in the context and language of the request."""
    return _send(name, kind, list(stream_table(kind, header, rows)))


def _send(name: str, kind: Format, parts: Iterable[bytes]) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return StreamingHttpResponse(parts, content_type=TYPES[kind], headers=headers)


def stream_table(kind: Format, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield the file of a table, part by part, while its rows are read."""
    lines = chain([header], (list(map(format_cell, row)) for row in rows))
    return _stream_csv(lines) if kind == Format.CSV else _stream_xlsx(lines)


class _Unsent:
    """The bytes of a file that were written and are not sent yet; it has no positions."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def write(self, data: bytes | str) -> int:
        self._bytes += data.encode() if isinstance(data, str) else data
        return len(data)

    def flush(self) -> None: ...

    def take(self) -> bytes:
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken


def _stream_csv(lines: Iterable[Sequence[object]]) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf"  # spreadsheet programs then read it as UTF-8
    unsent = _Unsent()
    writer = csv.writer(unsent)
    for line in lines:
        writer.writerow(line)
        yield unsent.take()


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


def _stream_xlsx(lines: Iterable[Sequence[str | float]]) -> Iterator[bytes]:
    """Yield a workbook whose texts are in their cells, so that it needs no table of texts in memory."""
    unsent = _Unsent()
    with zipfile.ZipFile(cast("Any", unsent), "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in _PARTS.items():
            book.writestr(name, _XML + text)
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(_SHEET_BEGINS.encode())
            for line in lines:
                sheet.write(f"<row>{''.join(map(_format_xml_cell, line))}</row>".encode())
                yield unsent.take()
            sheet.write(_SHEET_ENDS.encode())
    yield unsent.take()


def _format_xml_cell(value: str | float) -> str:
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    if not value:
        return "<c/>"
    text = _NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", value[:LONGEST_CELL])
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


MOST_ROWS = 500_000
ROWS_AT_ONCE = 2_000
_CODE = re.compile(r"\A[a-z0-9_.:-]{1,40}\Z")


class ExportForm(forms.Form):
    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[(Format.XLSX, "Excel (XLSX)"), (Format.CSV, "CSV")],
        widget=forms.RadioSelect,
        initial=Format.XLSX,
    )
    reason = ReasonField()


class ExportableAdmin[Row: Model](PersonRows, ScopedAdmin[Row]):
    """Admin whose list can be exported by users with the capability."""

    exported: ClassVar[str] = ""
    """Headings, each with the path of its field if that differs. ``id`` and ``client`` (its code) are added first."""

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and may(request, Capability.EXPORT_ROWS)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        context = {"may_export": self.has_export_permission(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_export_permission(request):
            raise PermissionDenied
        found = self._find_export_rows(request)
        number = found.order_by()[: MOST_ROWS + 1].count()
        form = ExportForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid() and number <= MOST_ROWS:
            kind = Format(form.cleaned_data["format"])
            self._record_export(request, kind, form.cleaned_data["reason"], number)
            columns = self._export_columns
            rows = _stream_rows(found.order_by("pk").values_list(*columns.values()), actor_of(request))
            rows = islice(rows, number)  # no more than the ledger says, if rows are added meanwhile
            name = f"{self.opts.model_name}-{get_action_time(request):%Y%m%dT%H%M%SZ}"
            return _send(name, kind, stream_table(kind, tuple(columns), rows))
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
            "headings": list(self._export_columns),
        }
        return TemplateResponse(request, "console/export.html", context)

    @property
    def _export_columns(self) -> Mapping[str, str]:
        return {"id": "pk", "client": "of_client", **parse_columns(self.exported)}

    def _find_export_rows(self, request: HttpRequest) -> QuerySet[Any]:
        code = Subquery(Client.objects.filter(pk=OuterRef("client_id")).values("code")[:1])
        try:
            rows: QuerySet[Any] = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters as error:
            raise BadRequest from error
        return cast("QuerySet[Any]", rows.annotate(of_client=code))

    def _record_export(self, request: HttpRequest, kind: Format, reason: str, number: int) -> None:
        client_id = get_chosen_client(request).pk
        filters = {
            name: (str(value) if name != SEARCH_VAR and _CODE.match(str(value)) else "…")  # no free text
            for name, value in request.GET.items()
            if _CODE.match(name)
        }
        rows = f"{self.opts.app_label}.{self.opts.model_name}"
        facts = {"list": rows, "format": str(kind), "reason": reason, "filters": filters, "rows": number}
        by = by_user(request)
        with in_client(client_id):
            record_entry("list.exported", client_id=client_id, facts=facts, **by)


def _stream_rows(rows: QuerySet[Any, tuple[Any, ...]], actor: Actor) -> Iterator[tuple[Any, ...]]:
    """Yield rows in the order of their keys (the first field), read after the request, as the actor may read them.

    No transaction, cursor or setting may stay open from one page to the next: other requests run in between.
    """
    zone, page = timezone.get_current_timezone(), rows
    while True:
        with open_context_of(actor), timezone.override(zone):
            found = list(page[:ROWS_AT_ONCE])
        yield from found
        if len(found) < ROWS_AT_ONCE:
            return
        page = rows.filter(pk__gt=found[-1][0])

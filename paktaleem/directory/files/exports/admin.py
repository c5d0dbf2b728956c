"""Large exports in the console: their progress, and the file for the person who requested it."""

from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext

from paktaleem.directory.files.exports.models import ExportState, ListExport
from paktaleem.directory.files.exports.rows import get_list
from paktaleem.directory.files.exports.services import fetch_export
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import moment_tag, reason_label, render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import TYPES, Format
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text

_TONES = {ExportState.WRITING: "warn", ExportState.READY: "good", ExportState.STOPPED: "bad"}


def _fetch(row: ListExport, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    content = fetch_export(row, actor=actor_of(request), reason=given["reason"], at=get_action_time(request))
    headers = {
        "Content-Disposition": f'attachment; filename="{row.file_name}"',
        "Content-Length": str(row.size),
        "Cache-Control": "no-store",
    }
    response = StreamingHttpResponse(content, content_type=TYPES[Format(row.format)], headers=headers)
    return cast("HttpResponse", response)


def _is_ready(row: ListExport, _at: datetime) -> bool:
    return row.state == ExportState.READY


def _render(row: ListExport) -> SafeString:
    return render_state(row.get_state_display(), _TONES.get(ExportState(row.state), "calm"))


@admin.register(ListExport, site=site)
class ListExportAdmin(EvidenceAdmin):
    """A person's own large exports; no one else sees them."""

    view_capability = Capability.EXPORT_ROWS
    ledger_families = ("list",)
    list_display = ("name", "owner", "shown_state", "rows", "requested_at", "until")
    list_filter = ("state", "client")
    newest_by = "requested_at"
    detail_fields = ("name", "shown_state", "rows", "why", "requested_at", "until", "downloads", "fetched_at")
    intro = (
        "Your own exports of more than 5,000 rows. The portal writes them in the background; each file waits here for "
        "you alone, for a limited time."
    )
    empty_text = "You have requested no large export."
    shown_state = state_column(_render)
    acts = (
        RowAction(
            "fetch",
            "Download",
            Capability.EXPORT_ROWS,
            _fetch,
            lead="The file is for you alone. Each download is recorded with your name and reason.",
            applies=_is_ready,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select the exports that this person requested under this role."""
        actor = actor_of(request)
        own = {"started_by": actor.id, "started_role": actor.role, "is_across_clients": actor.client_id is None}
        return super().get_queryset(request).filter(**own).defer("query", "wrapped")

    def describe_row(self, row: Any) -> str:
        """Return the list and the time of the request."""
        return gettext("{list}, {moment}").format(list=_name_list(row), moment=row)

    @admin.display(description="list")
    def name(self, row: ListExport) -> str:
        """Return the list by its name."""
        return _name_list(row)

    @admin.display(description="rows")
    def rows(self, row: ListExport) -> str:
        """Return the number of rows, written or expected."""
        return f"{row.total:,}"

    @admin.display(description="available until")
    def until(self, row: ListExport) -> SafeString | str:
        """Return until when the file waits; nothing if there will be none."""
        return "—" if row.state == ExportState.STOPPED else moment_tag(row.expires_at)

    @admin.display(description="reason")
    def why(self, row: ListExport) -> str:
        """Return the reason in words."""
        return reason_label(row.reason_code)


def _name_list(row: ListExport) -> str:
    return str(capfirst(translate_text(get_list(row).opts.verbose_name_plural)))

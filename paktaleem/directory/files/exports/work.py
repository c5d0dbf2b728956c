"""How far a large export is, for its page and the list of work in progress, where only its requester sees it."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.files.exports.models import ExportState, ListExport
from paktaleem.directory.files.exports.services import WRITE
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.long_acts import LongAct, Progress


def measure_export(row: ListExport) -> Progress | None:
    """Return how many rows are written; None once the file is deleted."""
    if row.state == ExportState.ENDED:
        return None
    failed = row.get_stop_reason_display() if row.state == ExportState.STOPPED else ""
    return Progress(row.done, row.total, row.requested_at, row.ended_at, failed, row.started_by)


def _list_rows(since: datetime) -> QuerySet[ListExport]:
    rows = ListExport.objects.filter(Q(state=ExportState.WRITING) | Q(requested_at__gte=since))
    return rows.defer("query", "wrapped").order_by("-requested_at", "-pk")


EXPORTS = LongAct(
    "exports.listexport",
    _("Export of a list"),
    frozenset({WRITE}),
    Capability.EXPORT_ROWS,
    _list_rows,
    measure_export,
    owner_field="started_by",
)

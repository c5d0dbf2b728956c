"""The page of figures about rights requests: by client and right, by month, and as a file."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.console.exporting import ExportForm
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.spreadsheets import TYPES, Format, write_sheet
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from rights.requests.models.requests import RightKind
from rights.requests.selectors import Figures, MonthFigures, get_figures, get_monthly_figures

_PERIODS = {
    "30": (timedelta(days=30), _("30 days")),
    "90": (timedelta(days=90), _("90 days")),
    "365": (timedelta(days=365), _("One year")),
    "all": (None, _("All years")),
}
_DEFAULT = "365"
_COLUMNS = ("client", "right", "received", "answered", "in_time", "median_days")
_STEP, _BAR, _HEIGHT, _BASE = 52, 18, 120, 140
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _MonthBars:
    """The bars of one month in the picture: places and heights."""

    figures: MonthFigures
    x: int
    x_in_time: int
    received_y: int
    received_height: int
    in_time_y: int
    in_time_height: int


def show_figures(owner: Any, request: HttpRequest) -> HttpResponse:
    """Show the figures of the chosen period by client and right, and of the last twelve months."""
    found = _get_chosen(request)
    months = get_monthly_figures(actor_of(request), until=get_action_time(request))
    page: HttpResponse = owner.page(
        request,
        None,
        "console/rights_figures.html",
        title=gettext("Figures of rights requests"),
        lines=[(name, RightKind(one.kind).label, one) for name, one in _name_clients(found)],
        periods=[(code, label, code == _period_of(request)) for code, (_span, label) in _PERIODS.items()],
        period=_period_of(request),
        months=_draw(months),
        may_export=may(request, Capability.EXPORT_ROWS),
    )
    return page


def export_figures(owner: Any, request: HttpRequest) -> HttpResponseBase:
    """Ask for format and reason, then return the figures of the chosen period as a file; the export is recorded."""
    if not may(request, Capability.EXPORT_ROWS):
        raise PermissionDenied
    found = _get_chosen(request)
    form = ExportForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        back = reverse("admin:rights_rightsrequest_figures", current_app=site.name)
        values: dict[str, Any] = {"number": len(found), "headings": _COLUMNS, "most": 0, "is_too_much": False}
        page: HttpResponse = owner.page(
            request,
            None,
            "console/export.html",
            title=gettext("Export"),
            form=form,
            back=f"{back}?period={_period_of(request)}",
            **values,
        )
        return page
    return _build_file(request, found, Format(form.cleaned_data["format"]), form.cleaned_data["reason"])


def _period_of(request: HttpRequest) -> str:
    wanted = request.GET.get("period", _DEFAULT)
    return wanted if wanted in _PERIODS else _DEFAULT


def _get_chosen(request: HttpRequest) -> list[Figures]:
    if not may(request, Capability.VIEW_REQUEST_FIGURES):
        raise PermissionDenied
    span, _label = _PERIODS[_period_of(request)]
    at = get_action_time(request)
    return get_figures(actor_of(request), since=at - span if span else _EVER)


def _name_clients(found: Sequence[Figures]) -> list[tuple[str, Figures]]:
    names = dict(Client.objects.filter(pk__in={one.client_id for one in found}).values_list("pk", "name"))
    return [(names.get(one.client_id, ""), one) for one in found]


def _draw(months: Sequence[MonthFigures]) -> list[_MonthBars]:
    most = max((one.received for one in months), default=0) or 1
    bars = []
    for place, one in enumerate(months):
        received, in_time = (round(number / most * _HEIGHT) for number in (one.received, one.in_time))
        x = place * _STEP + 6
        bars.append(_MonthBars(one, x, x + _BAR + 2, _BASE - received, received, _BASE - in_time, in_time))
    return bars


def _build_file(request: HttpRequest, found: Sequence[Figures], kind: Format, reason: str) -> FileResponse:
    file = tempfile.SpooledTemporaryFile(max_size=1_048_576)  # noqa: SIM115 -- the response closes it
    rows = [
        (name, one.kind, one.received, one.answered, one.in_time, one.median_days) for name, one in _name_clients(found)
    ]
    write_sheet(kind, file, _COLUMNS, rows)
    actor, at = actor_of(request), get_action_time(request)
    client_id = actor.client_id or PAKTALEEM
    facts = {
        "list": "rights.figures",
        "format": str(kind),
        "reason": reason,
        "filters": {"period": _period_of(request)},
        "rows": len(rows),
    }
    with in_client(client_id):
        record_entry("list.exported", client_id=client_id, facts=facts, actor=actor, at=at)
    file.seek(0)
    name = f"rights-figures-{at:%Y%m%dT%H%M%SZ}.{kind}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=TYPES[kind])

"""The page of trends in the console: pictures of twelve weeks, each described in words and repeated as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.filters import CLIENT_PARAMETER, get_filtered_client
from paktaleem.foundation.console.home_pages import HomePage, home_pages
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.office.reports.models import Measure
from paktaleem.office.reports.trends import HEIGHT, WEEKS, Column, Trends, draw_columns, get_trends
from retention.holdings.admin import list_age_labels


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a chart's table: its name, and a number for each week."""

    name: str
    numbers: Sequence[int]

    @property
    def total(self) -> str:
        return f"{sum(self.numbers):,}"


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with its title, what it shows in words, and its rows; no columns if there is nothing to draw."""

    code: str
    title: str
    intro: str
    words: str
    rows: Sequence[Row]
    columns: Sequence[Column]


def show_trends(request: HttpRequest, context: dict[str, Any]) -> TemplateResponse:
    """Show the trends of the reader's client, of the client that an officer chose, or of all."""
    client_id = get_filtered_client(request)
    if client_id is not None and not may(request, Capability.VIEW_LEDGER, client_id):
        raise PermissionDenied
    today = get_action_time(request).astimezone(get_current_timezone()).date()
    trends = get_trends(actor_of(request), client_id, today=today)
    is_officer = actor_of(request).client_id is None
    values = {
        "charts": [_make_chart(measure, trends) for measure in Measure],
        "weeks": [f"{week:%m-%d}" for week in trends.weeks],
        "counted_at": trends.counted_at,
        "clients": list(Client.objects.filter(is_sandbox=False).order_by("name")) if is_officer else [],
        "chosen": client_id,
        "parameter": CLIENT_PARAMETER,
        "size": (WEEKS, HEIGHT),
    }
    return TemplateResponse(request, "console/trends.html", {**context, **values})


home_pages.connect(HomePage("trends", _("Trends"), Capability.VIEW_LEDGER, show_trends))

_INTROS = {
    Measure.CONSENTS: _("Answers in each week; a consent given again while it is in force is not counted."),
    Measure.ANSWERS: _("By the week of the answer. A reasoned notice within the deadline extends it."),
    Measure.DECISIONS: _(
        "Decisions about collections and disclosures that systems reported. Their questions are not stored."
    ),
    Measure.HOLDINGS: _("What systems hold at the last count of each week, by the time since it was first collected."),
}


def _make_chart(measure: Measure, trends: Trends) -> Chart:
    series = trends.series(measure)
    rows = [Row(name, numbers) for name, numbers in zip(_list_names(measure), series, strict=True)]
    words = gettext("{name}: {total} in twelve weeks, {first} in the first and {last} in the last week")
    described = "; ".join(
        words.format(name=row.name, total=row.total, first=row.numbers[0], last=row.numbers[-1]) for row in rows
    )
    return Chart(measure, str(measure.label), str(_INTROS[measure]), described, rows, draw_columns(series))


def _list_names(measure: Measure) -> list[str]:
    names = {
        Measure.CONSENTS: [gettext("Given"), gettext("Withdrawn")],
        Measure.ANSWERS: [gettext("In time"), gettext("Late")],
        Measure.DECISIONS: [gettext("Allowed"), gettext("Denied")],
    }
    return names.get(measure) or list_age_labels()

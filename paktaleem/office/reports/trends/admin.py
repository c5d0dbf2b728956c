"""The page of trends in the console: pictures of twelve weeks, each described in words and repeated as a table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.timezone import get_current_timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.filters import CLIENT_PARAMETER, get_filtered_client
from paktaleem.foundation.console.home_pages import HomePage, home_pages
from paktaleem.foundation.console.register_names import format_purpose, format_purpose_of_any
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.translation import translate_text
from paktaleem.office.reports.trends.models import Measure
from paktaleem.office.reports.trends.picture import HEIGHT, WIDTH, Picture, draw_columns
from paktaleem.office.reports.trends.selectors import Trends, get_trends
from retention.holdings.admin import list_age_labels

_MOST = 6
"""Number of purposes and reasons with a picture of their own; the tables have all."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a chart's table: its name, and a number for each week."""

    name: str
    numbers: Sequence[int]
    colour: int = 0

    @property
    def total(self) -> int:
        return sum(self.numbers)

    @property
    def shown_total(self) -> str:
        return f"{self.total:,}"


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with its title, what it shows in words, and its rows; no picture if there is nothing to draw."""

    code: str
    title: str
    words: str
    rows: Sequence[Row]
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class Group:
    """A section of the page: charts, and what it says if there are none."""

    code: str
    title: str
    intro: str
    charts: Sequence[Chart]


def show_trends(request: HttpRequest, context: dict[str, Any]) -> TemplateResponse:
    """Show the trends of the reader's client, of the client that an officer chose, or of all."""
    client_id = get_filtered_client(request)
    if client_id is not None and not may(request, Capability.VIEW_LEDGER, client_id):
        raise PermissionDenied
    today = get_action_time(request).astimezone(get_current_timezone()).date()
    trends = get_trends(actor_of(request), client_id, today=today)
    is_officer = actor_of(request).client_id is None
    values = {
        "groups": _build_groups(trends, client_id),
        "weeks": [f"{week:%m-%d}" for week in trends.weeks],
        "first": trends.weeks[0].isoformat(),
        "counted_at": trends.counted_at,
        "clients": list(Client.objects.filter(is_sandbox=False).order_by("name")) if is_officer else [],
        "chosen": client_id,
        "parameter": CLIENT_PARAMETER,
        "size": (WIDTH, HEIGHT),
    }
    return TemplateResponse(request, "console/trends.html", {**context, **values})


home_pages.connect(HomePage("trends", _("Trends"), Capability.VIEW_LEDGER, show_trends))


def _build_groups(trends: Trends, owner: UUID | None) -> list[Group]:
    weeks = [f"{week:%m-%d}" for week in trends.weeks]
    return [
        Group(
            "consents",
            gettext("Consents given and withdrawn, by purpose"),
            gettext("Answers in each week; a consent given again while it is in force is not counted."),
            _chart_consents(trends, owner, weeks),
        ),
        Group(
            "answers",
            gettext("Rights requests answered in time"),
            gettext("By the week of the answer. A reasoned notice within the deadline extends it."),
            _chart_answers(trends, weeks),
        ),
        Group(
            "decisions",
            gettext("Decisions by reason"),
            gettext(
                "Decisions about collections and disclosures that systems reported. Their questions are not stored."
            ),
            _chart_decisions(trends, weeks),
        ),
        Group(
            "holdings",
            gettext("Holdings by age"),
            gettext("What systems hold at the last count of each week, by the time since it was first collected."),
            _chart_holdings(trends, weeks),
        ),
    ]


def _chart_consents(trends: Trends, owner: UUID | None, weeks: Sequence[str]) -> list[Chart]:
    given, withdrawn = trends.series(Measure.CONSENT_GIVEN), trends.series(Measure.CONSENT_WITHDRAWN)
    none = [0] * len(weeks)
    totals = {code: sum(given.get(code, none)) + sum(withdrawn.get(code, none)) for code in {*given, *withdrawn}}
    charts = []
    for place, code in enumerate(sorted(totals, key=lambda code: (-totals[code], code))):
        rows = [
            Row(gettext("Given"), given.get(code, none), 0),
            Row(gettext("Withdrawn"), withdrawn.get(code, none), 1),
        ]
        name = format_purpose(code, owner) if owner else format_purpose_of_any(code)
        charts.append(_chart(f"consents-{code}", name, rows, weeks, is_stacked=False, is_drawn=place < _MOST))
    return charts


def _chart_answers(trends: Trends, weeks: Sequence[str]) -> list[Chart]:
    found = trends.series(Measure.ANSWERED)
    names = {"in_time": gettext("In time"), "late": gettext("Late")}
    rows = [Row(names[code], found.get(code, [0] * len(weeks)), place) for place, code in enumerate(names)]
    return [_chart("answers", gettext("Answers"), rows, weeks, is_stacked=True)] if found else []


def _chart_decisions(trends: Trends, weeks: Sequence[str]) -> list[Chart]:
    found = trends.series(Measure.DECISION)
    codes = sorted(found, key=lambda code: (-sum(found[code]), code))
    drawn = [Row(_name_reason(code), found[code], place) for place, code in enumerate(codes[:_MOST])]
    rest = [Row(_name_reason(code), found[code], _MOST) for code in codes[_MOST:]]
    if rest:
        numbers = [sum(week) for week in zip(*(row.numbers for row in rest), strict=True)]
        drawn.append(Row(gettext("Other reasons"), numbers, _MOST))
    chart = _chart("decisions", gettext("Decisions"), drawn, weeks, is_stacked=True)
    return [Chart(chart.code, chart.title, chart.words, [*drawn, *rest], chart.picture)] if found else []


def _name_reason(code: str) -> str:
    return translate_text(code.replace("_", " "))


def _chart_holdings(trends: Trends, weeks: Sequence[str]) -> list[Chart]:
    found = trends.series(Measure.HOLDING_AGE)
    none = [0] * len(weeks)
    rows = [Row(name, found.get(str(age), none), age) for age, name in enumerate(list_age_labels())]
    return [_chart("holdings", gettext("Holdings"), rows, weeks, is_stacked=True)] if any(map(_has, rows)) else []


def _has(row: Row) -> bool:
    return any(row.numbers)


def _chart(
    code: str, title: str, rows: Sequence[Row], weeks: Sequence[str], *, is_stacked: bool, is_drawn: bool = True
) -> Chart:
    numbers = [row.numbers for row in rows]
    mirrored = get_language() == "ur"
    picture = draw_columns(numbers, weeks, is_stacked=is_stacked, mirrored=mirrored) if is_drawn else None
    return Chart(code, title, _describe(rows), rows, picture)


def _describe(rows: Iterable[Row]) -> str:
    """Return what a picture shows: for each row the sum, and the numbers of the first and of the last week."""
    words = gettext("{name}: {total} in twelve weeks, {first} in the first and {last} in the last week")
    return "; ".join(
        words.format(name=row.name, total=f"{row.total:,}", first=row.numbers[0], last=row.numbers[-1]) for row in rows
    )

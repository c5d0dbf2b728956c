"""The panel that shows the clock of a request, as a picture and in words."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import day
from rights.clock.picture import ClockPicture, MarkKind, draw_clock
from rights.requests.models.requests import RightsRequest
from rights.requests.selectors import get_clock

_LABELS = {
    MarkKind.RECEIVED: _("Received {day}"),
    MarkKind.NOTICE: _("Notice sent {day}"),
    MarkKind.DUE: _("Due {day}"),
    MarkKind.EXPECTED: _("Expected {day}"),
    MarkKind.ANSWERED: _("Stopped {day}"),
    MarkKind.TODAY: _("Today {day}"),
}


def clock_panel(row: RightsRequest) -> dict[str, Any]:
    """Return the values of the panel."""
    at = row.closed_at or row.delivered_at or get_time_of(row.client_id)
    clock = get_clock(row)
    picture = draw_clock(clock, at=at)
    labels = {mark.kind: str(_LABELS[mark.kind]).format(day=day(mark.at)) for mark in picture.marks}
    return {
        "template": "console/panels/rights_clock.html",
        "row": row,
        "picture": picture,
        "marks": [(mark, labels[mark.kind]) for mark in picture.marks],
        "described": "; ".join([*labels.values(), *_describe_pauses(picture)]),
        "days_left": -((at - row.due_at) // timedelta(days=1)),
        "is_running": row.is_undelivered,
        "is_paused": clock.is_paused(at) and row.is_open,
        "is_overdue": clock.is_overdue(at),
    }


def _describe_pauses(picture: ClockPicture) -> list[str]:
    return [
        gettext("Paused from {starts} to {ends}").format(starts=day(one.starts_at), ends=day(one.ends_at))
        if one.ends_at
        else gettext("Paused since {starts}").format(starts=day(one.starts_at))
        for one in picture.pauses
    ]

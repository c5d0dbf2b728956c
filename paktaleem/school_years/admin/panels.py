"""Panels of the page of a year's end: what it does, the numbers, when data is deleted, and samples of leavers."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.admin.people import person_url
from paktaleem.directory.schools.admin.schools import class_url
from paktaleem.foundation.console.register_names import format_category, format_purpose
from paktaleem.foundation.first_rows import take_first
from paktaleem.school_years.models import Stage, YearEnd, YearEndClass, YearEndPerson

_SAMPLES = 20
_LINES: tuple[tuple[str, Promise], ...] = (
    ("classes", _("Classes that close")),
    ("enrolments", _("Enrolments that end")),
    ("people", _("Pupils of the year")),
    ("leavers", _("Pupils who leave: their accounts close")),
    ("renewed", _("Consents asked for again")),
    ("let_go", _("Consents that end")),
)
_EXTRA: tuple[tuple[str, Promise], ...] = (
    ("stayed", _("Stayed, because they have a class by now")),
    ("erased", _("Skipped, because they are erased or being erased")),
)


def build_panels(row: YearEnd) -> list[dict[str, Any]]:
    """Return the panels of a year's end, in its client's context; the number of queries does not grow with its size."""
    panels = [_numbers_panel(row)]
    if row.plan.get("deletions"):
        panels.append(_deletions_panel(row))
    if row.stage in {Stage.READY, Stage.RUNNING}:
        panels.append(_samples_panel(row))
    return panels


def _numbers_panel(row: YearEnd) -> dict[str, Any]:
    is_begun = row.stage in {Stage.RUNNING, Stage.DONE}
    lines = [(label, row.plan.get(name, 0), row.result.get(name, 0)) for name, label in _LINES]
    lines += [(label, "", row.result[name]) for name, label in _EXTRA if row.result.get(name)]
    return {
        "template": "console/panels/year_end.html",
        "row": row,
        "is_counting": row.stage == Stage.COUNTING,
        "is_begun": is_begun,
        "most_leave": row.stage == Stage.READY and 2 * row.plan["leavers"] > row.plan["people"],
        "lines": lines if row.plan else [],
        "renewed": _names(row, row.renewed),
        "let_go": _names(row, row.let_go),
        "last_day": row.ends_on - timedelta(days=1),
    }


def _names(row: YearEnd, codes: list[str]) -> list[str]:
    return [format_purpose(code, row.client_id) for code in codes]


def _deletions_panel(row: YearEnd) -> dict[str, Any]:
    zone = ZoneInfo(row.client.time_zone)
    lines = [
        {
            **one,
            "category": format_category(one["category"], row.client_id),
            "first": _last_day(one["first"], zone),
            "last": _last_day(one["last"], zone),
        }
        for one in row.plan["deletions"]
    ]
    return {"template": "console/panels/year_end_deletions.html", "lines": lines}


def _last_day(due_at: str | None, zone: ZoneInfo) -> str:
    """Return the last calendar day on which data is kept; empty if there is none."""
    if due_at is None:
        return ""
    return f"{datetime.fromisoformat(due_at).astimezone(zone) - timedelta(microseconds=1):%Y-%m-%d}"


def _samples_panel(row: YearEnd) -> dict[str, Any]:
    people = YearEndPerson.objects.filter(client_id=row.client_id, year_end=row, is_leaver=True)
    classes = YearEndClass.objects.filter(client_id=row.client_id, year_end=row, closed_at=None)
    found = take_first(people.select_related("subject").order_by("subject__external_id", "pk"), _SAMPLES)
    closing = take_first(classes.select_related("school_class__school").order_by("school_class__title", "pk"), _SAMPLES)
    return {
        "template": "console/panels/year_end_samples.html",
        "people": found.map(lambda one: (one.subject, person_url(one.subject_id))),
        "classes": closing.map(lambda one: (one.school_class, class_url(one.school_class_id))),
    }

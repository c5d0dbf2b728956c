"""A person's page: their class and school in the summary, and a panel of all of them, now and earlier."""

from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.admin.schools import class_url, school_url
from paktaleem.directory.schools.models import Enrolment, SchoolClass
from paktaleem.directory.schools.selectors import get_day, list_enrolments, where_current
from paktaleem.foundation.console.columns import render_state
from paktaleem.foundation.console.person_pages import SummaryLine, person_panels, person_summaries
from paktaleem.foundation.console.requests import get_action_time
from paktaleem.foundation.first_rows import take_first, take_latest
from paktaleem.foundation.word_lists import join_words

SHOWN = 50
IN_SUMMARY = 3


@person_summaries.connect
def summarize_classes(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    """Return the classes in which a person is today, with the school; nothing if there are none. One query."""
    today = get_day(row.client, get_action_time(request))
    found = take_first(list_enrolments(row).filter(where_current(today)), IN_SUMMARY)
    named = [_name(one.school_class) for one in found]
    answer = join_words([*named, *(["…"] if found.note else [])])
    return [SummaryLine(_("School and classes"), answer, "#panel-enrolments")] if found else []


@person_panels.connect
def enrolments_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Return a person's classes, the latest first; None if there are none. One query."""
    found = take_latest(list_enrolments(row), SHOWN)
    if not found:
        return None
    today = get_day(row.client, get_action_time(request))
    lines = found.map(lambda one: _line(one, _pill(one, today)))
    return {"template": "console/panels/enrolments.html", "rows": lines}


def _name(of: SchoolClass) -> str:
    return f"{of} ({of.school})" if of.school else str(of)


def _line(row: Enrolment, state: SafeString) -> dict[str, Any]:
    of = row.school_class
    return {
        "title": of.title,
        "url": class_url(of.pk),
        "school": of.school,
        "school_url": school_url(of.school_id) if of.school_id else "",
        "role": row.get_role_display(),
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "state": state,
    }


def _pill(row: Enrolment, today: Any) -> SafeString:
    if row.starts_on > today:
        return render_state(_("Later"), "warn")
    if row.ends_on is not None and row.ends_on <= today:
        return render_state(_("Ended"))
    return render_state(_("Now"), "good")

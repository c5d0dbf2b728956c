"""The day from which the portal erases a person who left, on their page."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from consent.agreements.selectors import has_left
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.roles import SubjectRole
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import render_state
from paktaleem.foundation.console.person_pages import SummaryLine, person_summaries
from paktaleem.foundation.console.requests import get_action_time, may
from paktaleem.foundation.times import format_date
from paktaleem.foundation.word_lists import join_words
from rights.erasures.leavers import find_leaving


@person_summaries.connect
def summarize_leaving(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    """Return from which day on the portal erases a person who left, and what keeps them until it ends.

    Empty for an open account, except a guardian's, until the client's agreements have ended.
    """
    at = get_action_time(request)
    if row.is_account_open and SubjectRole.GUARDIAN not in row.roles and not has_left(row.client_id, at=at):
        return []
    if not may(request, Capability.VIEW_HOLDINGS, row.client_id):
        return []
    found = find_leaving(row, at=at)
    if found is None:
        return []
    words = _("Erased from {day} on, once nothing keeps it: {reasons}") if found.kept_for else _("Erased from {day} on")
    said = words.format(day=format_date(found.due_at), reasons=join_words(found.kept_for))
    return [SummaryLine(_("Record in this portal"), render_state(said, "calm"))]

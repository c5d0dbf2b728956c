"""Console pages of the findings about the use of data, and of the questions and use of one client."""

from collections.abc import Mapping

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _, gettext_noop

from paktaleem.directory.staff.administration.admin.clients import ClientPage, client_pages
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.decided import DecidedAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ProgressFilter, SortByWaitingTime
from paktaleem.foundation.console.register_names import CodeKind, format_code
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import act_page
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.reports.models import FindingKind, FindingSource, UseFinding
from paktaleem.office.reports.use import WEEKS, count_days, decide_use

_SENTENCES: Mapping[str, Promise] = {
    FindingKind.NOT_ASKED: _("The system reported data for a purpose without a permitted question before."),
    FindingKind.DENIED: _("The last question about the person and purpose was denied, and the data was used."),
    FindingKind.NEVER_ASKS: _("The key reported data, and asked nothing in the four weeks before."),
    FindingKind.UNUSUAL: _(
        "The key asked at least 100 times in an hour, and more than three times the median of this hour of the week in "
        "the four weeks before."
    ),
}
_LISTS = {
    FindingSource.COLLECTION: "admin:holdings_collection_changelist",
    FindingSource.DISCLOSURE: "admin:sharing_disclosure_changelist",
}


def _find_url(row: UseFinding) -> str:
    """Return the address of the page of the key, or of the list of the reports."""
    if row.what == FindingSource.KEY:
        return reverse("admin:accounts_apikey_change", args=[row.source_id], current_app=site.name)
    return reverse(_LISTS[FindingSource(row.what)], current_app=site.name)


def _render_state(row: UseFinding) -> SafeString:
    if row.decided_at is None:
        return render_state(gettext("To be decided"), "bad")
    return render_state(row.get_decision_display(), "good")


@admin.register(UseFinding, site=site)
class UseFindingAdmin(SortByWaitingTime, ExportableAdmin[UseFinding], DecidedAdmin[UseFinding]):
    """Findings about the use of data, about each of which staff decide."""

    view_capability = Capability.VIEW_CLIENT_RECORDS
    list_display = ("kind", "source", "purpose", "state", "number", "first_on", "last_on", "owner")
    list_filter = (ProgressFilter, "client")
    exported = "kind what source purpose number first_on last_on decision ground decided_at"
    longest_first = {"undecided": "found_at"}
    detail_fields = (
        *("kind", "meaning", "source", "purpose", "evidence", "first_on", "last_on", "state"),
        *("ground", "decider", "decided_at"),
    )
    intro = (
        "What systems did beside what they asked, from the decision log, compared for each whole day. One that is "
        "found again on later days is one finding until you decide about it. Decide about each."
    )
    empty_text = "No findings. While a client logs no decisions, nothing is compared."
    state = state_column(_render_state)
    acts = (act_page(decide_use),)

    @admin.display(description="meaning")
    def meaning(self, row: UseFinding) -> str:
        return str(_SENTENCES[row.kind])

    @admin.display(description="number on the last day")
    def evidence(self, row: UseFinding) -> SafeString:
        return format_html('<a href="{}">{}</a>', _find_url(row), row.number)


def _show_use(request: HttpRequest, client: Client | None) -> dict[str, object]:
    if client is None:
        return {}
    actor, at = actor_of(request), get_action_time(request)
    with in_client(client.pk):
        days = count_days(actor, client, at=at)
        findings = UseFinding.objects.filter(client_id=client.pk, last_on__gte=client.day_at(at - WEEKS))
        lines = [
            (row, format_code(CodeKind.PURPOSE, row.purpose, client.pk) if row.purpose else "", _render_state(row))
            for row in findings
        ]
    return {
        "findings": lines,
        "days": [
            (
                day,
                reasons.pop("permitted", 0),
                [(translate_text(code.replace("_", " ")), n) for code, n in reasons.items()],
            )
            for day, reasons in days.items()
        ],
    }


client_pages.connect(
    ClientPage("use", gettext_noop("Questions and use"), Capability.VIEW_CLIENT_RECORDS, "console/use.html", _show_use)
)

"""The matching queue in the console: confirm, match, choose or dismiss a row."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from consent.consents.admin.consents import serialize_events
from consent.consents.models.consents import ConsentEvent
from consent.paper.admin.settling import ACTS, may_match
from consent.paper.admin.sheets import TONES
from consent.paper.codes import format_code
from consent.paper.models.forms import FormPage
from consent.paper.models.sheets import OPEN_STATES, AnswerSheet, EntryProblem, EntryState, EntryStep, SheetEntry
from consent.paper.selectors import find_similar_codes, map_open_rows
from consent.paper.services.sheets import get_typed_code
from consent.paper.verdicts import SERVICE, SHARING
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.cards import Card, Severity
from paktaleem.foundation.console.columns import annotate_actor, format_actor, reason_label, render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ChosenFilter, get_filtered_client, parse_uuid
from paktaleem.foundation.console.paging import LIMIT, format_count
from paktaleem.foundation.console.requests import actor_of, may
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.first_rows import FirstRows, take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.limited_lists import begin_with_people
from paktaleem.foundation.word_lists import join_words

SHEETS_OFFERED = 50


class SheetFilter(ChosenFilter):
    """Filter by one of the latest sheets of the client in view."""

    title = "sheet"
    parameter_name = "sheet"
    shown: FirstRows[AnswerSheet]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """List the latest sheets, and the chosen one."""
        found = AnswerSheet.objects.order_by("-uploaded_at")
        if (client_id := get_filtered_client(request)) is not None:
            found = found.filter(client_id=client_id)
        self.shown = take_latest(found, SHEETS_OFFERED)
        offered = list(self.shown)
        chosen = request.GET.get(self.parameter_name)
        if chosen and parse_uuid(chosen) not in {one.pk for one in offered}:
            offered += AnswerSheet.objects.filter(pk=parse_uuid(chosen))
        return [(str(one.pk), str(one)) for one in offered]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Return the filtered queryset."""
        value = self.value()
        return queryset.filter(sheet_id=parse_uuid(value)) if value else queryset


def state_pill(row: SheetEntry) -> SafeString:
    """Render the state of a row as a pill."""
    return render_state(row.get_state_display(), TONES.get(EntryState(row.state), "calm"))


@admin.register(SheetEntry, site=site)
class SheetEntryAdmin(ExportableAdmin, EvidenceAdmin):
    """Rows of answer sheets, with their answers, state and problem."""

    view_capability = Capability.VIEW_FORMS
    list_display = ("row", "person", "said", "given_by", "answered_on", "standing", "why", "owner")
    list_filter = ("state", SheetFilter, "client")
    exported = {
        "number": "number",
        "person": "subject__external_id",
        "answers": "answers",
        "given_by": "given_by",
        "method": "method",
        "guardian": "guardian__external_id",
        "answered_on": "answered_on",
        "state": "state",
        "problem": "problem",
        "entered_at": "entered_at",
    }
    newest_by = "entered_at"
    detail_fields = (
        "of_sheet",
        "row",
        "person",
        "code",
        "said",
        "given_by",
        "signer",
        "service",
        "method",
        "answered_on",
        "standing",
        "why",
    )
    intro = "Rows of answer sheets. A matched row counts once it is confirmed; the others need a decision."
    empty_text = "The queue is empty: no answer sheet has been uploaded yet."
    standing = state_column(state_pill)
    acts = ACTS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related person, page and sheet; sealed details are not opened."""
        return super().get_queryset(request).select_related("subject", "page__run", "sheet", "guardian")

    def page(self, request: HttpRequest, row: Any, template: str, **values: Any) -> Any:
        """Render a page of an act with the answers of the row."""
        extra = {"said": _format_answers(row)} | (
            {"near": _list_near_codes(request, row)} if template == "paper/match.html" else {}
        )
        return super().page(request, row, template, **extra, **values)

    def panels(self, request: HttpRequest, row: SheetEntry) -> list[dict[str, Any]]:
        """Show the typed code and similar ones, other rows of the same code, the recorded events, and the steps."""
        steps = annotate_actor(EntryStep.objects.filter(client_id=row.client_id, entry=row), actor_of(request))
        others = map_open_rows(row.client_id, [row.page_id]).get(row.page_id, []) if row.page_id is not None else []
        return [
            {"template": "paper/panels/typed.html", "near": _list_near_codes(request, row)},
            {
                "template": "paper/panels/rivals.html",
                "lines": [_serialize_rival(other) for other in others if other.pk != row.pk],
            },
            {"template": "console/panels/events.html", "events": _list_events(row, actor_of(request))},
            {"template": "paper/panels/steps.html", "lines": [_serialize_step(one) for one in steps]},
        ]

    def history_of(self, row: SheetEntry, viewer: Actor) -> dict[str, Any]:
        """Return every step."""
        steps = annotate_actor(EntryStep.objects.filter(client_id=row.client_id, entry=row), viewer)
        return {
            "versions": [
                {
                    "at": one.taken_at,
                    "kind": one.get_step_display(),
                    "who": format_actor(one),
                    "why": reason_label(one.reason),
                    "changes": [{"field": gettext("state"), "old": "", "new": one.get_state_display()}],
                }
                for one in steps
            ]
        }

    @admin.display(description="row")
    def row(self, row: SheetEntry) -> str:
        """Return the row number."""
        return gettext("Row {row}").format(row=row.number)

    @admin.display(description="sheet")
    def of_sheet(self, row: SheetEntry) -> SafeString:
        """Link to the sheet."""
        url = reverse("admin:paper_answersheet_change", args=[row.sheet_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.sheet)

    @admin.display(description="person")
    def person(self, row: SheetEntry) -> SafeString | str:
        """Link to the person, if the row is matched."""
        if row.subject is None:
            return "—"
        url = reverse("admin:subjects_subject_change", args=[row.subject_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.subject)

    @admin.display(description="code")
    def code(self, row: SheetEntry) -> SafeString | str:
        """Return the code with a link to its form."""
        if row.page is None:
            return "—"
        url = reverse("admin:paper_formrun_change", args=[row.page.run_id], current_app=site.name)
        return format_html('<code>{}</code> · <a href="{}">{}</a>', format_code(row.page.code), url, row.page.run.name)

    @admin.display(description="guardian who signed")
    def signer(self, row: SheetEntry) -> SafeString | str:
        """Link to the guardian who signed; a name that is only on the form is not shown."""
        if row.guardian is None:
            return gettext("A name that is not on file") if row.named_by is not None else "—"
        url = reverse("admin:subjects_subject_change", args=[row.guardian_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.guardian)

    @admin.display(description="answer about the service")
    def service(self, row: SheetEntry) -> SafeString | str:
        """Link to the recorded answer about the service."""
        if row.authorisation_id is None:
            return "—"
        url = reverse("admin:children_serviceauthorisation_change", args=[row.authorisation_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, gettext("Recorded"))

    @admin.display(description="answers")
    def said(self, row: SheetEntry) -> str:
        """Return the answers."""
        return _format_answers(row)

    @admin.display(description="why it waits")
    def why(self, row: SheetEntry) -> str:
        """Return the problem of an open row."""
        return row.get_problem_display() if row.problem and row.is_open else "—"


def _format_answers(row: SheetEntry) -> str:
    words = {True: gettext("yes"), False: gettext("no")}
    answers = sorted(row.answers.items(), key=lambda one: one[0] not in {SERVICE, SHARING})
    return join_words(f"{code}: {words[gives]}" for code, gives in answers)


def _list_near_codes(request: HttpRequest, row: SheetEntry) -> dict[str, Any] | None:
    """Return the typed code and the most similar codes, if the user may match rows by hand."""
    if not may_match(row, None) or not may(request, Capability.MANAGE_FORMS, row.client_id):
        return None
    with in_client(row.client_id):
        typed = get_typed_code(SheetEntry.objects.get(pk=row.pk), actor=actor_of(request)).get("code", "")
        pages = find_similar_codes(row.client_id, typed) if typed else []
        return {
            "typed": typed,
            "lines": [_serialize_near_code(row, page) for page in pages],
            "why": row.get_problem_display(),
        }


def _serialize_near_code(row: SheetEntry, page: FormPage) -> dict[str, Any]:
    match = reverse("admin:paper_sheetentry_match", args=[row.pk], current_app=site.name)
    code = format_code(page.code)
    return {"code": code, "person": page.subject, "group": page.run.name, "url": f"{match}?code={code}"}


def _serialize_rival(other: SheetEntry) -> dict[str, Any]:
    url = reverse("admin:paper_sheetentry_change", args=[other.pk], current_app=site.name)
    return {"row": other, "said": _format_answers(other), "state": state_pill(other), "url": url}


def _list_events(row: SheetEntry, viewer: Actor) -> list[dict[str, Any]]:
    if not row.recorded:
        return []
    events = ConsentEvent.objects.filter(client_id=row.client_id, pk__in=row.recorded)
    related = events.select_related("purpose", "guardian", "subject__client")
    return serialize_events(annotate_actor(related, viewer))


def _serialize_step(one: Any) -> dict[str, Any]:
    return {
        "step": one,
        "who": format_actor(one),
        "why": reason_label(one.reason),
        "problem": EntryProblem(one.problem).label if one.problem else "",
    }


def _count_open_rows() -> int:
    """Count the open rows, state by state, because no single index serves all states in order."""
    rows = begin_with_people(SheetEntry.objects.all())
    found = [rows.filter(state=state).values("pk")[: LIMIT + 1] for state in OPEN_STATES]
    return found[0].union(*found[1:], all=True).order_by()[: LIMIT + 1].count()


@boards.connect
def queue_board(actor: Actor, at: datetime) -> list[Card]:
    """Return a card with the number of open rows. Runs one query."""
    del at
    if not actor.may(Capability.CONFIRM_ANSWERS):
        return []
    number = _count_open_rows()
    if not number:
        return []
    url = reverse("admin:paper_sheetentry_changelist", current_app=site.name)
    note = gettext("on paper or by telephone: confirm them, or decide")
    return [Card(gettext("Answers to confirm"), format_count(number), note, url, Severity.TO_DO)]

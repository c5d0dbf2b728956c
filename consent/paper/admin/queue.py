"""The matching queue in the console: confirm, match, choose or dismiss a row."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from children.guardians.models.guardians import Relationship
from consent.consents.admin.consents import serialize_events
from consent.consents.models import ConsentEvent
from consent.paper.admin.forms import TONES
from consent.paper.models import OPEN_STATES, AnswerSheet, EntryProblem, EntryState, EntryStep, FormPage, SheetEntry
from consent.paper.selectors import count_rows, find_similar_codes, map_open_rows
from consent.paper.services.forms import NotForGuardians
from consent.paper.services.queue import choose_entry, confirm_entry, dismiss_entry, enter_signer, match_entry
from consent.paper.services.sheets import CONFIRM_MATCHED, get_typed_code
from consent.paper.sheets import format_code
from consent.paper.signers import list_possible_signers
from consent.paper.verdicts import SERVICE, SHARING
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.console.columns import annotate_actor, format_actor, reason_label, render_state, state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ChosenFilter, get_filtered_client, parse_uuid
from paktaleem.foundation.console.forms import ActionForm, RowActionForm, set_choices
from paktaleem.foundation.console.home_pages import Card
from paktaleem.foundation.console.long_acts import LongAct, Progress, long_acts
from paktaleem.foundation.console.paging import LIMIT, format_count
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.first_rows import FirstRows, take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.limited_lists import begin_with_people
from paktaleem.foundation.text.word_lists import join_words


class ConfirmForm(ActionForm):
    """A form to add an optional scan of the signed form."""

    scan = forms.FileField(
        label=_("Scan of the form"),
        required=False,
        help_text=_("Optional: PDF, JPEG or PNG. It is encrypted and becomes evidence of each answer."),
    )


class MatchForm(RowActionForm):
    """A form to enter the code of the row's form."""

    code = forms.CharField(
        label=_("Code on the form"),
        max_length=40,
        help_text=_("As printed on the person's page. Case and the hyphen do not matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("code", "reason")


class SignerForm(RowActionForm):
    """A form to enter the guardian who signed: one on file, or the name and relationship on the form."""

    guardian = forms.ChoiceField(
        label=_("Guardian on file"),
        required=False,
        help_text=_("By LMS id. Compare the name on the form with the one on the guardian's page."),
    )
    name = forms.CharField(
        label=_("Or the name on the form"),
        required=False,
        max_length=200,
        help_text=_("For a guardian who is not on file. It is sealed, and a second person must record the row."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    relationship = forms.ChoiceField(
        label=_("Relationship on the form"), required=False, choices=[("", _("Not stated")), *Relationship.choices]
    )
    field_order = ("guardian", "name", "relationship", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        with in_client(self.row.client_id):
            self.on_file = list_possible_signers(self.row.subject, at=get_action_time(self.request))
        offered = [(str(person.pk), f"{person} ({relationship})") for person, relationship in self.on_file]
        set_choices(self, "guardian", [("", _("None of them")), *offered])


class ChooseForm(RowActionForm):
    """A form to record a row; the name of a guardian who is not on file is typed a second time."""

    name = forms.CharField(
        label=_("Name of the guardian on the form"),
        max_length=200,
        help_text=_("Read it on the paper. It must be the name that the first person entered."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("name", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for the name only if the guardian is not on file."""
        super().__init__(*args, **kwargs)
        if not self.row.names_new_guardian:
            del self.fields["name"]


def _is_matched(row: SheetEntry, _at: Any) -> bool:
    return row.state == EntryState.MATCHED


def _is_open(row: SheetEntry, _at: Any) -> bool:
    return row.is_open


def _may_choose(row: SheetEntry, _at: Any) -> bool:
    return row.state in {EntryState.CONTRADICTORY, EntryState.OUTDATED} or row.problem == EntryProblem.SIGNER_NEW


def _may_enter_signer(row: SheetEntry, _at: Any) -> bool:
    if row.page is None or row.subject is None or not row.subject.is_recorded:
        return False
    return row.is_open and row.page.run.for_guardians and row.given_by == "guardian"


def may_match(row: SheetEntry, _at: Any) -> bool:
    return row.state == EntryState.UNMATCHED and row.page_id is None


def _confirm_entry(row: SheetEntry, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    return _redirect_to_row(
        request, confirm_entry(row, scan=given["scan"], actor=actor_of(request), at=get_action_time(request))
    )


def _choose_entry(row: SheetEntry, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    by: dict[str, Any] = {"actor": actor_of(request), "reason": given["reason"], "at": get_action_time(request)}
    return _redirect_to_row(request, choose_entry(row, name=given.get("name", ""), **by))


def _match_entry(row: SheetEntry, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    by: dict[str, Any] = {"actor": actor_of(request), "reason": given["reason"], "at": get_action_time(request)}
    return _redirect_to_row(request, match_entry(row, code=given["code"], **by))


def _enter_signer(row: SheetEntry, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    if row.subject is None:
        raise NotForGuardians
    chosen, at = given.pop("guardian"), get_action_time(request)
    on_file = {str(person.pk): person for person, _ in list_possible_signers(row.subject, at=at)}
    return _redirect_to_row(
        request, enter_signer(row, guardian=on_file.get(chosen), **given, actor=actor_of(request), at=at)
    )


def _dismiss_entry(row: SheetEntry, given: dict[str, Any], request: HttpRequest) -> None:
    dismiss_entry(row, actor=actor_of(request), reason=given["reason"], at=get_action_time(request))


def _redirect_to_row(request: HttpRequest, row: SheetEntry) -> HttpResponse:
    if row.state == EntryState.CONFIRMED:
        messages.success(request, gettext("Confirmed. In effect from the next decision."))
    elif row.state == EntryState.MATCHED:
        messages.success(request, gettext("Matched. Nothing is recorded yet: confirm it."))
    else:
        messages.warning(request, gettext("Nothing is recorded: {why}").format(why=row.get_problem_display()))
    return HttpResponseRedirect(reverse("admin:paper_sheetentry_change", args=[row.pk], current_app=site.name))


ACTS = (
    RowAction(
        "confirm",
        "Confirm",
        Capability.CONFIRM_ANSWERS,
        _confirm_entry,
        form=ConfirmForm,
        lead="The row's answers are recorded, each purpose separately, with the sheet and its row as evidence. A form "
        "that a guardian signed also verifies the guardian: look at the signature first.",
        applies=_is_matched,
        template="paper/settle.html",
    ),
    RowAction(
        "match",
        "Match by hand",
        Capability.MANAGE_FORMS,
        _match_entry,
        form=MatchForm,
        lead="Enter the code printed on the paper form. The row must then be confirmed.",
        applies=may_match,
        template="paper/match.html",
    ),
    RowAction(
        "signer",
        "Enter the guardian",
        Capability.MANAGE_FORMS,
        _enter_signer,
        form=SignerForm,
        lead="Enter who signed the form. The row must then be confirmed.",
        applies=_may_enter_signer,
        template="paper/settle.html",
    ),
    RowAction(
        "choose",
        "Record this row",
        Capability.CONFIRM_ANSWERS,
        _choose_entry,
        form=ChooseForm,
        lead="This row is recorded, and other rows for its code are dismissed, but not those of another guardian. "
        "Consents that have since been withdrawn or ended, and consents under a notice that has changed, are left out. "
        "A form that a guardian signed also verifies the guardian: look at the signature first.",
        danger=True,
        applies=_may_choose,
        refusals={
            ApproverIsRequester: "You entered this guardian's name: another person must look at the form and record "
            "the row.",
        },
        template="paper/settle.html",
    ),
    RowAction(
        "dismiss",
        "Dismiss",
        Capability.MANAGE_FORMS,
        _dismiss_entry,
        lead="The row is closed permanently. None of its answers is recorded.",
        done="Dismissed: none of its answers is recorded.",
        danger=True,
        applies=_is_open,
        template="paper/settle.html",
    ),
)


SHEETS_OFFERED = 50


class SheetFilter(ChosenFilter):
    """Filter by one of the latest sheets of the client in view."""

    title = "sheet"
    parameter_name = "sheet"
    shown: FirstRows[AnswerSheet]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
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
    exported = (
        "number person=subject__external_id answers given_by method guardian=guardian__external_id "
        "answered_on state problem entered_at"
    )
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
        return gettext("Row {row}").format(row=row.number)

    @admin.display(description="sheet")
    def of_sheet(self, row: SheetEntry) -> SafeString:
        url = reverse("admin:paper_answersheet_change", args=[row.sheet_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.sheet)

    @admin.display(description="person")
    def person(self, row: SheetEntry) -> SafeString | str:
        if row.subject is None:
            return "—"
        url = reverse("admin:subjects_subject_change", args=[row.subject_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.subject)

    @admin.display(description="code")
    def code(self, row: SheetEntry) -> SafeString | str:
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
        if row.authorisation_id is None:
            return "—"
        url = reverse("admin:children_serviceauthorisation_change", args=[row.authorisation_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, gettext("Recorded"))

    @admin.display(description="answers")
    def said(self, row: SheetEntry) -> str:
        return _format_answers(row)

    @admin.display(description="why it waits")
    def why(self, row: SheetEntry) -> str:
        return row.get_problem_display() if row.problem and row.is_open else "—"


def _format_answers(row: SheetEntry) -> str:
    words = {True: gettext("yes"), False: gettext("no")}
    answers = sorted(row.answers.items(), key=lambda one: one[0] not in {SERVICE, SHARING})
    return join_words(f"{code}: {words[gives]}" for code, gives in answers)


def _list_near_codes(request: HttpRequest, row: SheetEntry) -> dict[str, Any] | None:
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


_LOOKED_BACK = timedelta(days=30)


def measure_sheet(row: AnswerSheet) -> Progress | None:
    """Return how many rows are confirmed of those and the matched ones; None if the worker confirmed none."""
    if row.confirm_at is None or row.confirmed_at == row.confirm_at:
        return None
    counts = count_rows(row) if row.is_under_way else None
    done = counts[EntryState.CONFIRMED] if counts else 0
    total = done + counts[EntryState.MATCHED] if counts else None
    ended = None if row.is_under_way else row.confirmed_at
    return Progress(done, total, row.confirm_at, ended, started_by=row.confirm_by)


def _list_rows(since: datetime) -> QuerySet[AnswerSheet]:
    lately = Q(confirmed_at=None) | Q(confirmed_at__lt=F("confirm_at")) | Q(confirmed_at__gte=since)
    rows = AnswerSheet.objects.filter(lately, confirm_at__gte=since - _LOOKED_BACK)
    return rows.defer("wrapped").order_by("-confirm_at", "-pk")


long_acts.connect(
    LongAct(
        "paper.answersheet",
        _("Answer sheet"),
        frozenset({CONFIRM_MATCHED}),
        Capability.VIEW_FORMS,
        _list_rows,
        measure_sheet,
    )
)

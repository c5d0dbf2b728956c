"""The answers typed from forms in the console: confirm or dismiss each."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.consents.admin.consents import serialize_events
from consent.consents.models import ConsentEvent
from consent.paper.models import OPEN_STATES, AnswerState, FormRun, PaperAnswer
from consent.paper.services.answers import confirm_answer, describe_left_out, dismiss_answer
from paktaleem.directory.people.admin.people import link_person
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import annotate_actor, render_state, state_column
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import ChosenFilter, get_filtered_client, parse_uuid
from paktaleem.foundation.console.forms import ActionForm
from paktaleem.foundation.console.home_pages import Card
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.paging import LIMIT, format_count
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction, act_page
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.first_rows import FirstRows, take_latest
from paktaleem.foundation.tenancy.school_limits import begin_with_people
from paktaleem.foundation.text.times import join_words

_TONES = {AnswerState.WAITING: "good", AnswerState.HELD: "warn"}
_FORMS_OFFERED = 50


class ConfirmForm(ActionForm):
    """A form to add an optional scan of the signed form."""

    scan = forms.FileField(
        label=_("Scan of the form"),
        required=False,
        help_text=_("Optional: PDF, JPEG or PNG. It is encrypted and becomes evidence of each answer."),
    )


def _confirm_answer(row: PaperAnswer, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    left_out = confirm_answer(row, scan=given["scan"], actor=actor_of(request), at=get_action_time(request))
    messages.success(request, gettext("Confirmed. In effect from the next decision."))
    for words in describe_left_out(left_out):
        messages.warning(request, gettext("Not recorded: {why}").format(why=words))
    return HttpResponseRedirect(reverse("admin:paper_paperanswer_change", args=[row.pk], current_app=site.name))


class FormFilter(ChosenFilter):
    """Filter by one of the latest forms of the client in view."""

    title = "consent form"
    parameter_name = "form"
    shown: FirstRows[FormRun]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        found = FormRun.objects.order_by("-made_at")
        if (client_id := get_filtered_client(request)) is not None:
            found = found.filter(client_id=client_id)
        self.shown = take_latest(found, _FORMS_OFFERED)
        offered, chosen = list(self.shown), request.GET.get(self.parameter_name)
        if chosen and parse_uuid(chosen) not in {run.pk for run in offered}:
            offered += FormRun.objects.filter(pk=parse_uuid(chosen))
        return [(str(run.pk), str(run)) for run in offered]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        value = self.value()
        return queryset.filter(page__run_id=parse_uuid(value)) if value else queryset


def _state_pill(row: PaperAnswer) -> SafeString:
    return render_state(row.get_state_display(), _TONES.get(AnswerState(row.state), "calm"))


@admin.register(PaperAnswer, site=site)
class PaperAnswerAdmin(ExportableAdmin, EvidenceAdmin):
    """Answers typed from forms, with who answered and their state."""

    view_capability = Capability.VIEW_FORMS
    ledger_families = ("answer",)
    list_display = ("page_of_form", "person", "said", "signer", "answered_on", "standing", "owner")
    list_filter = ("state", FormFilter, "client")
    exported = (
        "page=page__position person=subject__external_id answers method guardian=guardian__external_id "
        "answered_on state entered_at"
    )
    newest_by = "entered_at"
    detail_fields = ("of_form", "person", "said", "signer", "service", "method", "answered_on", "standing")
    intro = "Answers from forms on paper, or by telephone. An answer counts once it is confirmed."
    empty_text = "The queue is empty: no answer has been entered yet."
    standing = state_column(_state_pill)
    acts = (
        RowAction(
            "confirm",
            "Confirm",
            Capability.CONFIRM_ANSWERS,
            _confirm_answer,
            form=ConfirmForm,
            lead="The answers are recorded, each purpose separately, with the form and its page as evidence. A form "
            "that a guardian signed also verifies the guardian: look at the signature first. What cannot be recorded, "
            "such as a consent that has ended since, is left out.",
            applies=lambda row, _at: row.is_open,
            template="paper/settle.html",
        ),
        act_page(dismiss_answer, template="paper/settle.html"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaperAnswer]:
        return super().get_queryset(request).select_related("subject", "page__run", "guardian")

    def page(self, request: HttpRequest, row: PaperAnswer, template: str, **values: Any) -> Any:
        """Render a page of an act with the answers of the row."""
        return super().page(request, row, template, said=self.said(row), **values)

    def panels(self, request: HttpRequest, row: PaperAnswer) -> list[dict[str, object]]:
        events = ConsentEvent.objects.filter(client_id=row.client_id, pk__in=row.recorded)
        related = annotate_actor(events.select_related("purpose", "guardian", "subject__client"), actor_of(request))
        return [{"template": "console/panels/events.html", "events": serialize_events(related) if row.recorded else []}]

    @admin.display(description="page")
    def page_of_form(self, row: PaperAnswer) -> str:
        return row.page.reference

    @admin.display(description="consent form")
    def of_form(self, row: PaperAnswer) -> SafeString:
        url = reverse("admin:paper_formrun_change", args=[row.page.run_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.page.run)

    @admin.display(description="person")
    def person(self, row: PaperAnswer) -> SafeString:
        return link_person(row.subject)

    @admin.display(description="guardian who signed")
    def signer(self, row: PaperAnswer) -> SafeString | str:
        return "—" if row.guardian is None else link_person(row.guardian)

    @admin.display(description="answer about the service")
    def service(self, row: PaperAnswer) -> SafeString | str:
        if row.authorisation_id is None:
            return "—"
        url = reverse("admin:guardians_serviceauthorisation_change", args=[row.authorisation_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, gettext("Recorded"))

    @admin.display(description="answers")
    def said(self, row: PaperAnswer) -> str:
        words = {True: gettext("yes"), False: gettext("no")}
        return join_words(f"{code}: {words[row.answers[code]]}" for code in row.page.asked if code in row.answers)


@boards.connect
def queue_board(actor: Actor, at: Any) -> list[Card]:
    """Return a card with the number of open rows. Runs one query."""
    del at
    if not actor.may(Capability.CONFIRM_ANSWERS):
        return []
    rows = begin_with_people(PaperAnswer.objects.all())  # state by state: no index serves all states in order
    found = [rows.filter(state=state).values("pk")[: LIMIT + 1] for state in OPEN_STATES]
    number = found[0].union(*found[1:], all=True).order_by()[: LIMIT + 1].count()
    if not number:
        return []
    url = reverse("admin:paper_paperanswer_changelist", current_app=site.name)
    note = gettext("on paper or by telephone: confirm them, or decide")
    return [Card(gettext("Answers to confirm"), format_count(number), note, url, Severity.TO_DO)]

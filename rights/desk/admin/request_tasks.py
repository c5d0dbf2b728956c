"""Tasks about rights requests: their list, the acts that add and finish them, and letters: drafted, previewed, sent."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy, gettext_lazy as _, gettext_noop

from paktaleem.directory.access_links.services import is_contact_settled
from paktaleem.directory.mail.admin import LETTER_TEMPLATE, is_preview
from paktaleem.directory.people.admin.ages import describe_roles
from paktaleem.directory.people.admin.people import FindForm, search_people
from paktaleem.directory.staff.administration.admin.clients import PublicPage, public_pages
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.columns import annotate_actor, format_actor, render_state, state_column, text_column
from paktaleem.foundation.console.filters import PROGRESS, SortByWaitingTime, progress_filter
from paktaleem.foundation.console.forms import ActionForm, FormData, add_service_error, set_choices
from paktaleem.foundation.console.home_pages import HomeLink, Line, Task, home_links
from paktaleem.foundation.console.requests import actor_of, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction, act_page
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.first_rows import FirstRows
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.desk.models import CallOutcome, RequestLetter, RequestTask, TaskKind, Way
from rights.desk.outsiders import register_sender
from rights.desk.selectors import list_other_sides, list_tasks
from rights.desk.services import (
    LETTER,
    add_task,
    finish_task,
    hand_over_request,
    record_call,
    send_letter,
    take_in_unknown,
)
from rights.requests.admin.acts import (
    AssignForm,
    OfRequestAdmin,
    WantedForm,
    add_request_act,
    preview_message,
    request_panels,
    request_url,
    show_sheet,
)
from rights.requests.admin.requests import AssigneeFilter, assignee_for, select_calls
from rights.requests.fields import make_text_field
from rights.requests.letters import ANSWERS, Occasion, compose_letter, find_mailable_sender
from rights.requests.models import RightsRequest
from rights.requests.selectors import list_unassigned

add_request_act(
    act_page(register_sender), act_page(hand_over_request, shows_result=True, across_clients=True), after="match"
)


class UnknownCallerForm(WantedForm):
    contact = forms.CharField(
        label=_("Contact they name"),
        help_text=_("Encrypted. We write only to contacts that were on file before."),
        max_length=254,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=[("en", _("English")), ("ur", _("Urdu"))])

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = get_language()
        if actor_of(request).client_id is None:
            self.fields["client"] = forms.ModelChoiceField(
                Client.objects.filter(is_sandbox=False).exclude(pk=PAKTALEEM).order_by("name"),
                label=_("Client"),
                required=False,
                empty_label=gettext("Not known: PakTaleem looks for it"),
            )


def take_in(request: HttpRequest) -> HttpResponse:
    if not may(request, Capability.RECEIVE_RIGHTS_REQUESTS):
        raise PermissionDenied
    is_unknown = request.method == "POST" and "unknown" in request.POST
    find = FindForm(request.POST if request.method == "POST" and not is_unknown else None, request=request)
    unknown = UnknownCallerForm(request.POST if is_unknown else None, request=request, prefix="caller")
    found = unassigned = None
    if find.is_bound and find.is_valid():
        people = search_people(request, find)
        name = "admin:people_subject_rights-request"
        found = people.map(lambda one: (reverse(name, args=[one.pk], current_app=site.name), one, describe_roles(one)))
        unassigned = _find_unassigned(request, find).map(lambda one: (request_url(one.pk), one.number))
    if unknown.is_bound and unknown.is_valid() and (made := _record(request, unknown)) is not None:
        messages.success(request, gettext("Recorded under the number {number}.").format(number=made.number))
        return HttpResponseRedirect(request_url(made.pk))
    request.current_app = site.name
    context = {"title": gettext("Take in a request"), "find": find, "unknown": unknown, "found": found}
    context["unassigned"] = unassigned
    context |= {**site.each_context(request), "opts": RightsRequest._meta}
    return TemplateResponse(request, "console/rights_take_in.html", context)


def _find_unassigned(request: HttpRequest, form: FindForm) -> FirstRows[RightsRequest]:
    client_id = actor_of(request).client_id or form.cleaned_data["client"].pk
    with in_client(client_id):
        return list_unassigned(Client.objects.get(pk=client_id), form.cleaned_data["text"])


def _record(request: HttpRequest, form: UnknownCallerForm) -> RightsRequest | None:
    given, actor = form.cleaned_data, actor_of(request)
    chosen = given.get("client")
    client_id = actor.client_id or (chosen.pk if chosen else PAKTALEEM)
    with in_client(client_id):
        try:
            return take_in_unknown(
                Client.objects.get(pk=client_id),
                **{name: given[name] for name in ("kinds", "details", "contact", "language")},
                actor=actor,
                at=get_action_time(request),
            )
        except ValidationError as refusal:
            add_service_error(form, refusal)
            return None


class TaskForm(AssignForm):
    kind = forms.ChoiceField(label=_("What is to be done?"), choices=TaskKind.choices, widget=forms.RadioSelect)
    detail = make_text_field(
        _("Details"), _("Encrypted with the request, like a note."), rows=4, most=2000, required=False
    )
    due_on = forms.DateField(label=_("Until"), widget=DayInput())

    field_order = ("kind", "detail", "assignee", "due_on")


add_request_act(act_page(add_task, form=TaskForm), after="assign")


def _task_pill(row: RequestTask) -> SafeString:
    if row.is_done:
        return render_state(gettext("Done"), "good")
    is_late = row.due_on < row.client.day_at(get_time_of(row.client_id))
    return render_state(gettext("Overdue"), "bad") if is_late else render_state(gettext("Open"), "warn")


@admin.register(RequestTask, site=site)
class RequestTaskAdmin(SortByWaitingTime, OfRequestAdmin[RequestTask]):
    """Console page of tasks; their details are shown with the texts of the request."""

    view_capability = Capability.HANDLE_RIGHTS_REQUESTS
    ledger_families = ("rights_request",)
    ledger_person = "request.subject_id"
    list_display = ("kind", "of_request", "due_on", "standing", "assigned", "owner")
    list_filter = (progress_filter(default="open", open=_("Open, due soonest first")), AssigneeFilter, "client")
    exported = "request=request__number kind due_on created_at done_at"
    longest_first = {"open": "due_on"}
    default_progress = progress_filter(default="open", open=_("Open, due soonest first")).default
    detail_fields = ("kind", "of_request", "due_on", "standing", "assigned", "done_at")
    intro = "What colleagues do about rights requests, and until when. The details are among the texts of the request."
    empty_text = "There is no task."
    standing = state_column(_task_pill)
    assigned = text_column(lambda row: row.assigned_to or "—", "assigned to")
    acts = (finish_task,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RequestTask]:
        found = super().get_queryset(request).select_related("request", "client").defer("detail")
        return found.annotate(assigned_to=assignee_for(actor_of(request)))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(take_in)
        return [path("take-in/", view, name="desk_requesttask_take_in"), *super().get_urls()]


@boards.connect
def desk_board(actor: Actor, _at: datetime) -> list[Line]:
    if not actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    requests = RightsRequest.objects.open().filter(assignee_id=actor.id)
    tasks = RequestTask.objects.open().of(actor.id)
    about = gettext("about rights requests, due soonest first")
    mine, own = (
        reverse(f"admin:{model}_changelist", current_app=site.name) + "?progress=open&assigned=me"
        for model in ("requests_rightsrequest", "desk_requesttask")
    )
    title, note = gettext("Rights requests assigned to me"), gettext("open, due soonest first")
    own_tasks = Task(gettext("My tasks"), tasks, about, own, due="due_on")
    return [Task(title, requests, note, mine, due="answer_by"), own_tasks]


@boards.connect
def call_back_board(actor: Actor, _at: datetime) -> list[Line]:
    """Return a card that counts the people to call back, for support agents; others have a task for each call."""
    if not actor.may(Capability.CONTACT_PEOPLE) or actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    url = reverse("admin:requests_rightsrequest_changelist", current_app=site.name) + f"?{PROGRESS}=to_call_back"
    title, note = gettext("People to call back"), gettext("to verify that they made the request")
    return [Task(title, select_calls(RightsRequest.objects.all()), note, url, Severity.URGENT, due="answer_by")]


home_links.connect(
    HomeLink(gettext_lazy("Take in a request"), "admin:desk_requesttask_take_in", Capability.RECEIVE_RIGHTS_REQUESTS)
)


_LANGUAGES = [(code, name) for code, name in settings.LANGUAGES if code in {"en", "ur"}]
_ELSEWHERE = {*ANSWERS, Occasion.NOTICE}
_ASKING = frozenset({Occasion.IDENTITY, Occasion.CLARIFICATION})


class ChooseLetterForm(ActionForm):
    occasion = forms.ChoiceField(label=_("Occasion"), widget=forms.RadioSelect)
    language = forms.ChoiceField(label=_("Language"), choices=_LANGUAGES, widget=forms.RadioSelect)

    def prepare(self) -> None:
        is_answered = self.row.answered_at is not None
        offered = {Occasion.CLOSING} if is_answered else {*Occasion} - _ELSEWHERE
        set_choices(self, "occasion", [(code, label) for code, label in Occasion.choices if Occasion(code) in offered])
        self.fields["language"].initial = self.row.language


class LetterForm(ActionForm):
    occasion = forms.ChoiceField(choices=Occasion.choices, widget=forms.HiddenInput)
    language = forms.ChoiceField(choices=_LANGUAGES, widget=forms.HiddenInput)
    text = make_text_field(_("Letter"), _("Sent in these words, and kept encrypted."), rows=14, most=8000)
    way = forms.ChoiceField(label=_("How does it reach the person?"), choices=Way.choices, widget=forms.RadioSelect)
    pauses = forms.BooleanField(label=_("Pause the clock until they reply"), required=False)

    def prepare(self) -> None:
        """Fill in the template of the occasion; offer email only if a contact has been on file for 72 hours."""
        occasion = str(self.initial.get("occasion") or self.data.get("occasion") or "")
        if not self.is_bound and occasion in set(Occasion):
            language = str(self.initial.get("language") or "")
            self.initial.setdefault("text", compose_letter(self.row, occasion, language=language))
        with in_client(self.row.client_id):
            mails = find_mailable_sender(self.row, get_action_time(self.request)) is not None
        set_choices(self, "way", [one for one in Way.choices if mails or one[0] != Way.MAIL])
        self.fields["way"].initial = Way.MAIL if mails else Way.BY_HAND
        if occasion not in _ASKING:
            del self.fields["pauses"]


def _choose(row: RightsRequest, given: FormData, _request: HttpRequest) -> HttpResponse:
    owner = site.get_model_admin(RightsRequest)
    return HttpResponseRedirect(f"{owner.url_of('send-letter', row)}?{urlencode(given)}")


def _send(row: RightsRequest, given: FormData, request: HttpRequest) -> HttpResponse | None:
    if is_preview(request):
        language = given["language"]
        return preview_message(request, row, "send-letter", kind=LETTER, language=language, text=given["text"])
    send_letter(row, **given, actor=actor_of(request), at=get_action_time(request))
    if given["way"] == Way.MAIL:
        return None
    return show_sheet(request, row, text=given["text"], language=given["language"])


add_request_act(
    RowAction(
        "letter",
        "Write a letter",
        Capability.HANDLE_RIGHTS_REQUESTS,
        _choose,
        form=ChooseLetterForm,
        lead="Choose the occasion. The template is filled in; you edit and preview it before it is sent. The answer is "
        "written with “Answer”, the reasoned notice with “Extend it”.",
        applies=lambda row, _at: row.is_open and row.wrapped is not None,
    ),
    act_page(send_letter, form=LetterForm, respond=_send, listed=False, template=LETTER_TEMPLATE),
    after="note",
)


class CallForm(ActionForm):
    outcome = forms.ChoiceField(
        label=_("What did the call show?"), choices=CallOutcome.choices, widget=forms.RadioSelect
    )

    def prepare(self) -> None:
        """Look whether a number is on file, and since when; the number itself is shown by *Reveal personal data*."""
        self.person = self.row.sender
        self.has_number = self.person.phone is not None
        with in_client(self.row.client_id):
            self.is_settled = self.has_number and is_contact_settled(self.person, get_action_time(self.request))
        self.may_reveal = may(self.request, Capability.REVEAL_PERSONAL_DATA)


add_request_act(act_page(record_call, form=CallForm, template="console/rights_call.html"), after="match")


@request_panels.connect
def hand_over_panel(request: HttpRequest, row: RightsRequest) -> dict[str, object] | None:
    sides = list_other_sides(row, actor=actor_of(request))
    return {"template": "console/panels/rights_handover.html", "sides": sides} if sides else None


@request_panels.connect
def letters_panel(request: HttpRequest, row: RightsRequest) -> dict[str, object] | None:
    if not may(request, Capability.HANDLE_RIGHTS_REQUESTS):
        return None
    letters = RequestLetter.objects.filter(client_id=row.client_id, request=row).defer("text")
    lines = [(one, format_actor(one)) for one in annotate_actor(letters, actor_of(request))]
    return {"template": "console/panels/rights_letters.html", "lines": lines} if lines else None


@request_panels.connect
def tasks_panel(request: HttpRequest, row: RightsRequest) -> dict[str, object] | None:
    if not may(request, Capability.HANDLE_RIGHTS_REQUESTS):
        return None
    viewer = actor_of(request)
    tasks = list_tasks(viewer).filter(client_id=row.client_id, request=row).annotate(assigned_to=assignee_for(viewer))
    lines = [
        (one, reverse("admin:desk_requesttask_change", args=[one.pk], current_app=site.name))
        for one in sorted(tasks, key=lambda one: (one.is_done, one.due_on))
    ]
    return {"template": "console/panels/rights_tasks.html", "lines": lines} if lines else None


public_pages.connect(PublicPage(gettext_noop("Make a request"), "rights-form-of"))
public_pages.connect(PublicPage(gettext_noop("Report a concern about a child’s data"), "concern-about"))

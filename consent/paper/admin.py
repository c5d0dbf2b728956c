"""Consent forms, and the answers typed from them, in the console."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy as _, ngettext

from consent.consents.admin.consents import serialize_events
from consent.consents.models import ConsentEvent
from consent.paper.models import OPEN_STATES, Addressee, AnswerState, FormPage, FormPurpose, FormRun, PaperAnswer
from consent.paper.selectors import (
    NAMED_AT_MOST,
    count_progress,
    list_signers,
    list_states,
    purposes_to_ask,
    select_people,
    select_unreachable,
)
from consent.paper.services.answers import (
    TypedAnswer,
    confirm_answer,
    confirm_waiting,
    describe_left_out,
    dismiss_answer,
    enter_answers,
)
from consent.paper.services.forms import make_form, print_form
from consent.receipts.receipt import PortalUrls
from consent.register.models.purposes import Purpose
from paktaleem.directory.people.admin.people import link_person, person_column
from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.forms import CHOOSING, SelectionForm
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.console.columns import (
    actor_column,
    annotate_actor,
    moment_tag,
    render_state,
    state_column,
    text_column,
)
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.filters import RowFilter, get_filtered_client, parse_uuid
from paktaleem.foundation.console.forms import ActionForm, FormData, ScopedForm, set_choices
from paktaleem.foundation.console.home_pages import Card
from paktaleem.foundation.console.model_admin import EvidenceAdmin, Fieldsets
from paktaleem.foundation.console.paging import LIMIT, format_count
from paktaleem.foundation.console.register_names import format_purpose
from paktaleem.foundation.console.requests import actor_of, by_user, by_user_for, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction, act_page, send_file
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.first_rows import FirstRows, take_first, take_latest
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.tenancy.school_limits import begin_with_people
from paktaleem.foundation.text.times import join_words

_TONES = {AnswerState.WAITING: "good", AnswerState.HELD: "warn"}
_FORMS_OFFERED = 50


class ConfirmForm(ActionForm):
    scan = forms.FileField(
        label=_("Scan of the form"),
        required=False,
        help_text=_("Optional: PDF, JPEG or PNG. It is encrypted and becomes evidence of each answer."),
    )


def _confirm_answer(row: PaperAnswer, given: FormData, request: HttpRequest) -> str:
    left_out = confirm_answer(row, scan=given["scan"], **by_user(request))
    for words in describe_left_out(left_out):
        messages.warning(request, gettext("Not recorded: {why}").format(why=words))
    return gettext("Confirmed. In effect from the next decision.")


class FormFilter(RowFilter):
    title = "consent form"
    parameter_name = "form"
    of = "page__run_id"
    shown: FirstRows[FormRun]

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:  # noqa: ARG002
        found = FormRun.objects.order_by("-made_at")
        if (client_id := get_filtered_client(request)) is not None:
            found = found.filter(client_id=client_id)
        self.shown = take_latest(found, _FORMS_OFFERED)
        offered, chosen = list(self.shown), request.GET.get(self.parameter_name)
        if chosen and parse_uuid(chosen) not in {run.pk for run in offered}:
            offered += FormRun.objects.filter(pk=parse_uuid(chosen))
        return [(str(run.pk), str(run)) for run in offered]


@admin.register(PaperAnswer, site=site)
class PaperAnswerAdmin(ExportableAdmin[PaperAnswer], EvidenceAdmin[PaperAnswer]):
    view_capability = Capability.VIEW_RECORDS
    ledger_families = ("answer",)
    loaded = ("subject", "page__run", "guardian")
    list_display = ("page_of_form", "person", "said", "signer", "answered_on", "standing", "owner")
    list_filter = ("state", FormFilter, "client")
    exported = (
        "page=page__position person=subject__external_id answers method guardian=guardian__external_id "
        "answered_on state entered_at"
    )
    detail_fields = ("of_form", "person", "said", "signer", "service", "method", "answered_on", "standing")
    intro = "Answers from forms on paper, or by telephone. An answer counts once it is confirmed."
    empty_text = "The queue is empty: no answer has been entered yet."
    standing = state_column(
        lambda row: render_state(row.get_state_display(), _TONES.get(AnswerState(row.state), "calm"))
    )
    page_of_form = text_column(lambda row: row.page.reference, "page")
    signer = text_column(lambda row: "—" if row.guardian is None else link_person(row.guardian), "guardian who signed")
    acts = (
        RowAction(
            "confirm",
            "Confirm",
            Capability.MANAGE_FORMS,
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
    person = person_column()

    def page(self, request: HttpRequest, row: Any, template: str, **values: object) -> TemplateResponse:
        return super().page(request, row, template, said=self.said(row), **values)

    def panels(self, request: HttpRequest, row: PaperAnswer) -> list[dict[str, object]]:
        events = ConsentEvent.objects.filter(client_id=row.client_id, pk__in=row.recorded)
        shown = serialize_events(events, actor_of(request), limit=len(row.recorded)) if row.recorded else []
        return [{"template": "console/panels/events.html", "events": shown}]

    @admin.display(description="consent form")
    def of_form(self, row: PaperAnswer) -> SafeString:
        url = reverse("admin:paper_formrun_change", args=[row.page.run_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.page.run)

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
def queue_board(actor: Actor, at: datetime) -> list[Card]:
    del at
    if not actor.may(Capability.MANAGE_FORMS):
        return []
    rows = begin_with_people(PaperAnswer.objects.all())  # state by state: no index serves all states in order
    found = [rows.filter(state=state).values("pk")[: LIMIT + 1] for state in OPEN_STATES]
    number = found[0].union(*found[1:], all=True).order_by()[: LIMIT + 1].count()
    if not number:
        return []
    url = reverse("admin:paper_paperanswer_changelist", current_app=site.name)
    note = gettext("on paper or by telephone: confirm them, or decide")
    return [Card(gettext("Answers to confirm"), format_count(number), note, url, Severity.TO_DO)]


PAGES_AT_ONCE = 25
CHILD = "child"
_DAY = {"type": "date"}


class EnterForm(ActionForm):
    """The list to type in: some pages of a form in the order of the print, with a choice for each answer."""

    method = forms.ChoiceField(
        label=_("How they were given"), choices=[("paper", _("On paper")), ("phone", _("By telephone"))]
    )
    note = forms.CharField(
        label=_("Evidence"),
        required=False,
        max_length=500,
        help_text=_("Where these forms are filed, or who spoke with whom. It is sealed. No numbers of identity cards."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def prepare(self) -> None:
        run, at = self.row, get_action_time(self.request)
        with in_client(run.client_id):
            pages = FormPage.objects.filter(client_id=run.client_id, run=run).select_related("run", "subject")
            self.pages = Paginator(pages.order_by("position"), PAGES_AT_ONCE).get_page(self.request.GET.get("page"))
            children = [page.subject for page in self.pages] if run.for_guardians else []
            signers = list_signers(run.client, children, at=at)
            self.states = list_states(run.client_id, [page.pk for page in self.pages])
        codes = dict.fromkeys(code for page in self.pages for code in page.asked)
        self.purposes = {code: format_purpose(code, run.client_id) for code in codes}
        answers = [("", "—"), ("yes", gettext("yes")), ("no", gettext("no"))]
        for page in self.pages:
            if run.for_guardians:
                offered = [(str(person.pk), f"{person} ({relation})") for person, relation in signers[page.subject_id]]
                self._add(page, "guardian", forms.ChoiceField, choices=[("", "—"), *offered, (CHILD, _("The child"))])
            self._add(page, "answered_on", forms.DateField, widget=forms.DateInput(_DAY, format="%Y-%m-%d"))
            for code in page.asked:
                self._add(page, code, forms.ChoiceField, choices=answers)

    def _add(self, page: FormPage, name: str, field: type[forms.Field], **settings: Any) -> None:
        headings = {"guardian": gettext("Signed by"), "answered_on": gettext("Answered on")} | self.purposes
        label = f"{page.reference}, {page.subject}: {headings[name]}"
        self.fields[f"{page.position}-{name}"] = field(label=label, required=False, **settings)

    @property
    def shared(self) -> list[forms.BoundField]:
        return [self["method"], self["note"]]

    @property
    def lines(self) -> list[dict[str, object]]:
        """Return each page with its fields in the order of the columns, None for what the page does not ask."""
        before = ["guardian", "answered_on"] if self.row.for_guardians else ["answered_on"]
        return [
            {
                "page": page,
                "states": join_words(self.states.get(page.pk, [])),
                "cells": [
                    self[name] if (name := f"{page.position}-{column}") in self.fields else None
                    for column in [*before, *self.purposes]
                ],
            }
            for page in self.pages
        ]

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        typed = [one for page in self.pages if (one := self._read(page, cleaned)) is not None]
        if not typed and not self.errors:
            raise ValidationError(gettext("No answer is entered."))
        following = self.pages.next_page_number() if self.pages.has_next() else None
        return {**cleaned, "typed": typed, "following": following}

    def _read(self, page: FormPage, cleaned: FormData) -> TypedAnswer | None:
        day, signer = f"{page.position}-answered_on", f"{page.position}-guardian"
        given = {code: cleaned.get(f"{page.position}-{code}") for code in page.asked}
        answers = {code: said == "yes" for code, said in given.items() if said}
        if not answers:
            return None
        for name in (day, signer):
            if name in self.fields and name not in self.errors and not cleaned.get(name):
                self.add_error(name, gettext("This field is required."))
        if {day, signer} & set(self.errors):
            return None
        guardian = cleaned.get(signer, CHILD)
        return TypedAnswer(page, answers, cleaned[day], None if guardian == CHILD else UUID(guardian))


def _enter_answers(run: FormRun, given: FormData, request: HttpRequest) -> HttpResponse | str:
    by = by_user(request)
    number = len(enter_answers(run, given["typed"], method=given["method"], note=given["note"], **by))
    words = ngettext(
        "{number} answer is in the queue. Nothing is recorded yet: confirm it.",
        "{number} answers are in the queue. Nothing is recorded yet: confirm them.",
        number,
    ).format(number=number)
    if not given["following"]:
        return words
    messages.success(request, words)
    return HttpResponseRedirect(f"?page={given['following']}")


def _confirm_waiting(run: FormRun, _given: FormData, request: HttpRequest) -> str:
    outcome = confirm_waiting(run, **by_user(request))
    for answer, error in outcome.held:
        reason = " ".join([gettext(error.console_message), *error.console_details])
        messages.warning(request, f"{answer.page.reference}, {answer.subject}: {reason}")
    if outcome.left:
        words = ngettext("{number} answer waits: confirm again.", "{number} answers wait: confirm again.", outcome.left)
        messages.warning(request, words.format(number=outcome.left))
    words = ngettext("{number} answer is confirmed.", "{number} answers are confirmed.", outcome.number)
    return words.format(number=outcome.number)


CLIENT, ADDRESSEE, UNREACHABLE = "client", "addressee", "unreachable"


class ClientForm(forms.Form):
    client = forms.ModelChoiceField(
        Client.objects.none(),
        label=_("Client"),
        empty_label=_("Choose a client…"),
        help_text=_("The client whose people are asked."),
    )


class MakeForm(ScopedForm, SelectionForm):
    reason = None  # type: ignore[assignment]  # how Django takes a field out of a form
    name = forms.CharField(
        label=_("Class or group"), max_length=100, help_text=_("For example “Grade 7 B”. Do not name people.")
    )
    addressee = forms.ChoiceField(
        label=_("Who answers"),
        choices=Addressee.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "A form for guardians has a page for each child, and also asks about the use of the platform. The signed "
            "form verifies the guardian."
        ),
    )
    purposes = forms.MultipleChoiceField(
        label=_("What to ask"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Purposes based on consent. Each is answered separately."),
    )
    unreachable = forms.BooleanField(
        label=_("Only children whose guardians cannot be asked by message"),
        required=False,
        help_text=_("As listed under Invitations of guardians: no contact, the child's own, or one that many share."),
    )

    def prepare(self) -> None:
        client_id = _find_client(self.request)
        if client_id is not None:
            self.instance.client_id = client_id
            found = purposes_to_ask(client_id, at=get_action_time(self.request))
            set_choices(self, "purposes", [(one.code, _purpose_name(one)) for one in found])
        self.initial.setdefault("addressee", self.request.GET.get(ADDRESSEE) or Addressee.PERSON)
        self.initial.setdefault("unreachable", UNREACHABLE in self.request.GET)

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        for_guardians = cleaned.get("addressee") == Addressee.GUARDIAN
        if not for_guardians and not cleaned.get("purposes") and "purposes" not in self.errors:
            self.add_error("purposes", gettext("This field is required."))
        if cleaned.get("unreachable") and not for_guardians:
            self.add_error("unreachable", gettext("This needs a form for guardians."))
        self.check_selection(_find_client(self.request))
        return cleaned


def _purpose_name(purpose: Purpose) -> str:
    return purpose.name_ur if get_language() == "ur" else purpose.name_en


def _find_client(request: HttpRequest) -> UUID | None:
    own, chosen = actor_of(request).client_id, request.GET.get(CLIENT)
    if own is not None or not chosen:
        return own
    client_id = parse_uuid(chosen)
    return client_id if Client.objects.exclude(pk=PAKTALEEM).filter(pk=client_id).exists() else None


def _print_form(run: FormRun, given: FormData, request: HttpRequest) -> HttpResponse:
    base, code = get_public_url(request), Client.objects.get(pk=run.client_id).code
    urls = PortalUrls.of(base, code)
    own_page = f"{base}{reverse('guardian-start', args=[code])}" if run.for_guardians else urls.choices
    address, policy = own_page.partition("://")[2], urls.notice.partition("://")[2]
    pdf = print_form(run, address=address, policy=policy, **by_user_for(request, given["reason"]))
    return send_file(pdf, f"consent-form-{run.made_at:%Y%m%d}-{run.pk.hex[-6:]}.pdf", "application/pdf")


def _describe_left_out(run: FormRun, people: QuerySet[Subject]) -> str:
    if len(people) == run.people:
        return ""
    pages = set(FormPage.objects.filter(client_id=run.client_id, run=run).values_list("subject_id", flat=True))
    ids = [one.external_id for one in people if one.pk not in pages]
    if run.for_guardians:
        words = ngettext(
            "{number} of the chosen people has no page, because they decide for themselves: {ids}.",
            "{number} of the chosen people have no page, because they decide for themselves: {ids}.",
            len(ids),
        )
    else:
        words = ngettext(
            "{number} of the chosen people has no page, because no chosen purpose is based on consent for their role: "
            "{ids}.",
            "{number} of the chosen people have no page, because no chosen purpose is based on consent for their role: "
            "{ids}.",
            len(ids),
        )
    named = take_first(ids, NAMED_AT_MOST)
    return words.format(number=len(ids), ids=join_words([*named, *(["…"] if named.note else [])]))


@admin.register(FormRun, site=site)
class FormRunAdmin(EvidenceAdmin[FormRun]):
    form = MakeForm
    view_capability = Capability.VIEW_RECORDS
    add_capability = Capability.MANAGE_FORMS
    list_display = ("name", "addressee", "people", "made_at", "made_by", "owner")
    detail_fields = ("name", "addressee", "people", "made", "made_by")
    entered = ("name",)
    change_list_template = "paper/forms.html"
    change_form_template = "paper/form.html"
    intro = "Ask a whole class on paper or by telephone: a page for each person, in English and Urdu."
    empty_text = "No consent form yet."
    made = text_column(lambda row: moment_tag(row.made_at), "made")
    acts = (
        RowAction(
            "print",
            "Print the form",
            Capability.MANAGE_FORMS,
            _print_form,
            lead="A PDF with everyone's name on their page. Access to each name is logged with your reason.",
            template="paper/print.html",
        ),
        RowAction(
            "enter",
            "Enter the answers",
            Capability.MANAGE_FORMS,
            _enter_answers,
            form=EnterForm,
            lead="The pages in the order of the print. Compare page and id with the form. Leave a page empty if it has "
            "no answer. Nothing counts before it is confirmed.",
            template="paper/enter.html",
        ),
        RowAction(
            "confirm",
            "Confirm all that wait",
            Capability.MANAGE_FORMS,
            _confirm_waiting,
            form=ActionForm,
            lead="The answers that wait are recorded now, each purpose separately, with the form and its page as "
            "evidence. A form that a guardian signed also verifies the guardian: look at the signatures first. Answers "
            "that cannot be recorded are left for a decision.",
            applies=lambda run, _at: PaperAnswer.objects.filter(
                client_id=run.client_id, page__run=run, state=AnswerState.WAITING
            ).exists(),
        ),
    )
    made_by = actor_column("made by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FormRun]:
        return annotate_actor(super().get_queryset(request), actor_of(request))

    def get_fieldsets(self, request: HttpRequest, obj: FormRun | None = None) -> Fieldsets:  # noqa: ARG002
        if obj is not None:
            return [(None, {"fields": ["owner", *self.detail_fields]})]
        return [
            (None, {"fields": ["name", "addressee", "purposes"]}),
            (gettext("People to ask"), {"fields": [*CHOOSING, "unreachable"]}),
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        if object_id is not None or not self.has_add_permission(request) or _find_client(request) is not None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        request.current_app = self.admin_site.name
        form = ClientForm()
        set_choices(form, "client", Client.objects.exclude(pk=PAKTALEEM))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Make a consent form"),
            "form": form,
            "kept": [(name, request.GET[name]) for name in (ADDRESSEE, UNREACHABLE) if name in request.GET],
        }
        return TemplateResponse(request, "paper/client.html", context)

    def save_model(self, request: HttpRequest, obj: FormRun, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001
        given: FormData = form.cleaned_data
        by, addressee = by_user(request), Addressee(given["addressee"])
        select = select_unreachable if given["unreachable"] else select_people
        with in_client(obj.client_id):
            client = Client.objects.get(pk=obj.client_id)
            people = select(client, form.selection, **by)
            name, purposes = given["name"], given["purposes"]
            run = make_form(client, name=name, purposes=purposes, people=people, addressee=addressee, **by)
            if words := _describe_left_out(run, people):
                messages.warning(request, words)
        obj.pk, obj.name, obj.made_at = run.pk, run.name, run.made_at

    def panels(self, request: HttpRequest, row: FormRun) -> list[dict[str, object]]:
        form_purposes = FormPurpose.objects.filter(client_id=row.client_id, run=row).order_by("position")
        return [
            {
                "template": "paper/panels/form.html",
                "asked": [
                    {
                        "name": _purpose_name(one.purpose),
                        "notice": one.notice_version.notice,
                        "version": one.notice_version,
                    }
                    for one in form_purposes.select_related("purpose", "notice_version__notice")
                ],
                "for_guardians": row.for_guardians,
                "progress": count_progress(row),
                "may_manage": may(request, Capability.MANAGE_FORMS, row.client_id),
                "queue_url": f"{reverse('admin:paper_paperanswer_changelist', current_app=site.name)}?form={row.pk}",
            }
        ]

"""Acts of staff on a rights request: those whose page is more than a form and a message."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.mail.admin import LETTER_TEMPLATE, is_preview, preview_letter, show_letter_sheet
from paktaleem.directory.mail.services import MessageKind
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.acts import Act
from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sessions import require_recent_authentication
from paktaleem.foundation.console.columns import moment
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.forms import ActionForm, FormData, set_choices
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.register_names import format_purpose, format_purposes
from paktaleem.foundation.console.requests import actor_of, by_user, get_action_time
from paktaleem.foundation.console.row_actions import AddedAct, RowAction, act_page, added_acts, show_revealed
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.tenancy.context import in_client
from rights.requests.deadlines import format_day
from rights.requests.fields import make_text_field
from rights.requests.hooks import texts_to_read
from rights.requests.letters import ANSWER, NOTICE, Occasion, compose_letter, get_answer_occasion
from rights.requests.models import RequestPart, RightKind, RightsRequest
from rights.requests.selectors import list_linkable, list_purposes_of_part
from rights.requests.services.clock import extend_request, pause_request, resume_request
from rights.requests.services.closing import (
    add_rights,
    answer_request,
    close_request,
    is_mailed,
    link_duplicate,
    list_addable_rights,
    may_answer_contact,
    record_delivery,
)
from rights.requests.services.decisions import (
    GRANTED_BY_PURPOSE,
    AlreadyDecided,
    add_note,
    assign_request,
    decide_part,
    list_assignees,
    read_notes,
    route_part,
)
from rights.requests.services.intake import assign_person, read_request, verify_identity
from rights.requests.services.steps import list_parts
from rights.requests.states import Decider, Decision, RefusalCode


def list_parts_of_page(row: RightsRequest) -> list[RequestPart]:
    parts = list_parts(row)
    for part in parts:
        part.request = row
    return parts


def offer_rows(form: forms.Form, name: str, labels: Iterable[tuple[Any, str]], *, none: str = "") -> None:
    """Offer rows by their labels in a ``TypedChoiceField``, whose value is then the row; ``none`` labels no row."""
    offered, field = list(labels), form.fields[name]
    if not isinstance(field, forms.TypedChoiceField):
        raise TypeError(f"{name} is not a field for rows.")
    field.choices = [*([("", none)] if none else []), *((str(row.pk), label) for row, label in offered)]
    field.coerce, field.empty_value = {str(row.pk): row for row, _label in offered}.__getitem__, None


class PartForm(ActionForm):
    part = forms.TypedChoiceField(label=_("Right"), widget=forms.RadioSelect)
    act: ClassVar[Act[Any, ..., Any]]

    def prepare(self) -> None:
        actor, at, parts = actor_of(self.request), get_action_time(self.request), list_parts_of_page(self.row)
        self.parts = [one for one in parts if self.act.find_refusal(one, actor, at) is None]
        offer_rows(self, "part", [(one, _part_label(one)) for one in self.parts])
        if not self.parts:
            self.fields["part"].help_text = gettext("The other controller decides what is still open.")


def _part_label(part: RequestPart) -> str:
    label = f"{part.get_kind_display()} · {part.get_decider_display()}"
    return f"{label}: {format_purposes(part.purposes, part.client_id)}" if part.purposes else label


class DecideForm(PartForm):
    act = decide_part
    decision = forms.ChoiceField(label=_("Decision"), choices=Decision.choices, widget=forms.RadioSelect)
    refusal_code = forms.ChoiceField(
        label=_("Why it is refused"), choices=[("", _("Not refused")), *RefusalCode.choices], required=False
    )
    granted = forms.MultipleChoiceField(
        label=_("If partly: for these purposes"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only these are restricted, withdrawn, objected to or erased. Leave all empty otherwise."),
    )
    reasons = make_text_field(_("Reasons, in words the person understands"), required=False)
    field_order = ("part", "decision", "granted", "refusal_code", "reasons")

    def prepare(self) -> None:
        super().prepare()
        subject, at = self.row.subject, get_action_time(self.request)
        with in_client(self.row.client_id):
            parts = [one for one in self.parts if subject is not None and one.kind in GRANTED_BY_PURPOSE]
            codes = {code for part in parts for code in list_purposes_of_part(subject, part, at)}
        set_choices(self, "granted", [(code, format_purpose(code, self.row.client_id)) for code in sorted(codes)])
        if not codes:
            del self.fields["granted"]

    def clean(self) -> FormData:
        """Require recent re-authentication for the grant of an erasure, which proposes it."""
        given = super().clean()
        part = given.get("part")
        if part is not None and part.kind == RightKind.ERASURE and given.get("decision") != Decision.REFUSED:
            require_recent_authentication(self.request, Capability.DECIDE_ERASURES, at=get_arrival_time(self.request))
        return given


class AddRightsForm(ActionForm):
    kinds = forms.MultipleChoiceField(label=_("Which rights?"), widget=forms.CheckboxSelectMultiple)

    def prepare(self) -> None:
        set_choices(self, "kinds", [(kind.value, kind.label) for kind in list_addable_rights(self.row)])


class RouteForm(PartForm):
    act = route_part
    decider = forms.ChoiceField(label=_("Who decides"), choices=Decider.choices, widget=forms.RadioSelect)


class MatchForm(ActionForm):
    subject = forms.CharField(
        label=_("ID in the learning platform"),
        help_text=_("Find the person under People first. A match proves nothing about who wrote."),
        max_length=255,
        widget=forms.TextInput(attrs={"dir": "ltr", "spellcheck": "false"}),
    )

    def clean_subject(self) -> Subject:
        text = self.cleaned_data["subject"].strip()
        found = Subject.objects.filter(client_id=self.row.client_id, external_id=text, erased_at=None).first()
        if found is None:
            raise ValidationError(gettext("No person at this client has this ID."))
        return found


class ExtendForm(ActionForm):
    days = forms.IntegerField(label=_("Days beyond the due date"), min_value=1, max_value=60)
    text = make_text_field(_("Reasons, and what is still to come"), _("Sent to the person in these words."))

    def prepare(self) -> None:
        self.initial.setdefault("text", compose_letter(self.row, Occasion.NOTICE))


class AnswerForm(ActionForm):
    """The answer, prefilled from the decisions, to be edited before it is sent."""

    text = make_text_field(_("Answer"), _("Sent to the contact on file in these words, and kept."), rows=14, most=8000)
    to_contact = forms.BooleanField(
        label=_("Send it to the address in the request"),
        help_text=_("That address is not verified. The answer must say nothing about any person."),
        required=False,
    )

    def prepare(self) -> None:
        self.initial.setdefault("text", compose_letter(self.row, get_answer_occasion(self.row)))
        is_officer = actor_of(self.request).may(Capability.SUPERVISE, self.row.client_id)
        if not is_officer or not may_answer_contact(self.row):
            del self.fields["to_contact"]


class AssignForm(ActionForm):
    assignee = forms.TypedChoiceField(label=_("Assigned to"), required=False)

    def prepare(self) -> None:
        actor, at = actor_of(self.request), get_action_time(self.request)
        people = list_assignees(self.row, actor=actor, at=at)
        offer_rows(self, "assignee", [(one, one.email) for one in people], none=gettext("No one"))
        self.fields["assignee"].initial = str(actor.id)


class LinkForm(ActionForm):
    other = forms.TypedChoiceField(label=_("Same as"), widget=forms.RadioSelect)

    def prepare(self) -> None:
        found, zone = list_linkable(self.row), self.row.client.time_zone
        offer_rows(self, "other", [(one, f"{one.number} · {format_day(one.received_at, zone)}") for one in found])
        self.fields["other"].help_text = found.note


class WantedForm(forms.Form):
    kinds = forms.MultipleChoiceField(
        label=_("What does the person want?"), choices=RightKind.choices, widget=forms.CheckboxSelectMultiple
    )
    details = make_text_field(_("In their words"), required=False)


class IntakeForm(WantedForm, ActionForm):
    received_on = forms.DateField(
        label=_("Received on"),
        help_text=_("Leave empty for today. The thirty days count from that day."),
        required=False,
        widget=DayInput(),
    )

    def clean_received_on(self) -> datetime | None:
        day = self.cleaned_data["received_on"]
        if day is None:
            return None
        at = get_action_time(self.request)
        local = at.astimezone(ZoneInfo(self.row.client.time_zone))
        return min(at, local.replace(year=day.year, month=day.month, day=day.day))


def preview_message(
    request: HttpRequest, row: RightsRequest, slug: str, *, kind: MessageKind, language: str = "", **values: str
) -> HttpResponse:
    """Show the page of an act again, with the email as the person would receive it; nothing is sent or stored."""
    values["number"] = row.number
    return preview_letter(request, row, slug, kind=kind, language=language or row.language, **values)


def show_sheet(request: HttpRequest, row: RightsRequest, *, text: str, language: str) -> HttpResponse:
    """Show a letter on a page of its own, to be printed and handed over."""
    note = gettext(
        "The letter is recorded. Print this page with your browser and hand it over. You find the text again with "
        "“Read it”."
    )
    return show_letter_sheet(request, row, heading=row.number, note=note, text=text, language=language)


type RequestPanel = Callable[[HttpRequest, RightsRequest], dict[str, Any] | None]

request_panels: ExtensionPoint[RequestPanel] = ExtensionPoint(
    "rights.request_panels", "Panels on the console page of every request: a template and its values, or None."
)


def add_request_act(*pages: RowAction, after: str) -> None:
    for page in pages:
        added_acts.connect(AddedAct(RightsRequest._meta.label_lower, page, after))


def request_url(key: UUID) -> str:
    return reverse("admin:requests_rightsrequest_change", args=[key], current_app=site.name)


class OfRequestAdmin[Row: Model](ExportableAdmin[Row], EvidenceAdmin[Row]):
    """Rows about a request, which have a column that links to it."""

    @admin.display(description="request")
    def of_request(self, row: Any) -> SafeString | str:
        if row.request is None:
            return "—"
        return format_html('<a href="{}"><bdi>{}</bdi></a>', request_url(row.request_id), row.request.number)


def _read(row: RightsRequest, given: FormData, request: HttpRequest) -> HttpResponse:
    texts = read_request(row, reason=given["reason"], **by_user(request))
    notes = read_notes(row, actor=actor_of(request))
    labels = {"details": gettext("Details"), "contact": gettext("Contact"), "answer": gettext("Answer")}
    shown = [(labels[field], text) for field, text in texts.items()]
    shown += [(f"{gettext('Note')} · {moment(at)}", text) for at, _, text in notes]
    shown += [one for texts_of in texts_to_read for one in texts_of(row)]
    return show_revealed(request, row, gettext("Text of the request"), shown)


def _extend(row: RightsRequest, given: FormData, request: HttpRequest) -> HttpResponse | None:
    if is_preview(request):
        expected = format_day(row.due_at + timedelta(days=given["days"]), row.client.time_zone)
        return preview_message(request, row, "extend", kind=NOTICE, text=given["text"], expected=expected)
    extend_request(row, **given, **by_user(request))
    return _hand_over_unless_mailed(request, row, "extended", given["text"])


def _answer(row: RightsRequest, given: FormData, request: HttpRequest) -> HttpResponse | None:
    if is_preview(request):
        return preview_message(request, row, "answer", kind=ANSWER, text=given["text"])
    answer_request(row, **given, **by_user(request))
    return _hand_over_unless_mailed(request, row, "answered", given["text"])


def _hand_over_unless_mailed(request: HttpRequest, row: RightsRequest, step: str, text: str) -> HttpResponse | None:
    if is_mailed(row, step):
        return None
    messages.warning(request, gettext("It was not sent by email: print it, hand it over, and record that."))
    return show_sheet(request, row, text=text, language=row.language)


ACTS = (
    act_page(read_request, respond=_read),
    add_note,
    act_page(assign_request, form=AssignForm),
    act_page(assign_person, form=MatchForm),
    verify_identity,
    pause_request,
    resume_request,
    act_page(extend_request, form=ExtendForm, respond=_extend, template=LETTER_TEMPLATE),
    act_page(route_part, form=RouteForm, target="part", list_targets=list_parts_of_page),
    act_page(add_rights, form=AddRightsForm),
    act_page(decide_part, form=DecideForm, target="part", list_targets=list_parts_of_page),
    act_page(answer_request, form=AnswerForm, respond=_answer, template=LETTER_TEMPLATE),
    record_delivery,
    act_page(
        link_duplicate,
        form=LinkForm,
        refusals={AlreadyDecided: "One of these rights is already decided: answer each request on its own."},
    ),
    close_request,
)
"""Acts on a request, in the order of the work."""

"""Console pages of assessments, and the acts that answer their questions."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy as _, gettext_noop

from consent.register.assessing import (
    LONGEST,
    answer_assessment,
    approve_assessment,
    record_consultation,
)
from consent.register.compiled import Gate
from consent.register.gates import find_purpose_criteria, find_transfer_gate, list_gates
from consent.register.models.agreements import Recipient, RecipientKind
from consent.register.models.assessments import OF_RECIPIENTS, WITHOUT_RISK, Assessment, AssessmentKind, ResidualRisk
from consent.register.models.purposes import Automated, Purpose
from consent.register.risk import Criterion, Question, read_questionnaires
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import day, render_state, staff_name, state_column, text_column
from paktaleem.foundation.console.filters import ProgressFilter
from paktaleem.foundation.console.forms import FieldWords, FormData, ReasonField, RowActionForm, field_words
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction, act_page
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.law.profiles import read_criteria
from paktaleem.foundation.text.places import name_countries


def list_criteria() -> list[tuple[str, str]]:
    """Return the criteria of high risk with their texts in the page's language, in the order of the law profiles."""
    name = "text_ur" if get_language() == "ur" else "text_en"
    return [(code, getattr(one, name)) for code, one in read_criteria(settings.LAW_PROFILES).items()]


def list_declared_criteria() -> list[tuple[str, str]]:
    """Return the criteria that are declared on a purpose, because they do not follow from the register."""
    return [(code, text) for code, text in list_criteria() if code not in set(Criterion)]


def _describe_risks(codes: list[str]) -> str:
    return " ".join(text for code, text in list_criteria() if code in codes)


field_words.connect(FieldWords("consent.purpose", frozenset({"risks"}), _describe_risks))


class AnswersForm(RowActionForm):
    kind: AssessmentKind
    residual_risk = forms.ChoiceField(label=_("Remaining risk"), choices=ResidualRisk.choices, widget=forms.RadioSelect)
    review_on = forms.DateField(
        label=_("Next review"), help_text=_("From 30 days before, the first page asks for it."), widget=DayInput
    )
    reason = ReasonField()

    def prepare(self) -> None:
        own = {"recipient" if self.kind in OF_RECIPIENTS else "purpose": self.row}
        before = Assessment.objects.filter(kind=self.kind, **own).first()
        for question in read_questionnaires()[self.kind].questions:
            for name in question.names:
                self.fields[name] = _ask(question, name, before.answers.get(name, "") if before else "")
        if self.kind in WITHOUT_RISK:
            del self.fields["residual_risk"]
        last = ("residual_risk", "review_on", "reason")
        self.order_fields([*(name for name in self.fields if name not in last), *last])


def _ask(question: Question, name: str, initial: str) -> forms.Field:
    if question.day:
        return forms.DateField(label=_get_text(question), widget=DayInput, initial=initial)
    help_text = gettext("Do not name people.")
    if question.told:
        language = gettext("Urdu") if name.endswith("_ur") else gettext("English")
        help_text = gettext("People read this answer. Write it in {language}.").format(language=language)
    is_urdu = name.endswith("_ur") if question.told else get_language() == "ur"
    return forms.CharField(
        label=_get_text(question),
        help_text=help_text,
        max_length=LONGEST,
        widget=AdminTextareaWidget({"dir": "rtl", "lang": "ur"} if is_urdu else None),
        initial=initial,
    )


def _get_text(question: Question) -> str:
    return question.text_ur if get_language() == "ur" else question.text_en


def _make_act(slug: str, label: str, kind: AssessmentKind, lead: str, **options: Any) -> RowAction:
    def perform(row: Any, given: FormData, request: HttpRequest) -> Assessment:
        names = {name for question in read_questionnaires()[kind].questions for name in question.names}
        return answer_assessment(
            row,
            kind,
            answers={name: str(given[name]) for name in names},
            residual_risk=given.get("residual_risk", ""),
            review_on=given["review_on"],
            actor=actor_of(request),
            reason=given["reason"],
            at=get_action_time(request),
        )

    form = type("AnswersForm", (AnswersForm,), {"kind": kind})
    done = gettext_noop("Answered. It counts once a second person approves it.")
    return RowAction(slug, label, Capability.MANAGE_REGISTER, perform, lead, done, form, **options)


DESCRIBE_AUTOMATED = _make_act(
    "describe-automated",
    gettext_noop("Describe automated decisions"),
    AssessmentKind.AUTOMATED,
    gettext_noop(
        "People read this in the copy of their data. Until a second person approves it, every decision but storing and "
        "deleting is a denial."
    ),
    applies=lambda row, _at: row.automated != Automated.NONE,
)
ASSESS_IMPACT = _make_act(
    "assess-impact",
    gettext_noop("Assess the impact"),
    AssessmentKind.IMPACT,
    gettext_noop("What the purpose may do to people, and what reduces it. A second person must approve it."),
)
ASSESS_TRANSFER = _make_act(
    "assess-transfer",
    gettext_noop("Assess the transfer"),
    AssessmentKind.TRANSFER,
    gettext_noop("Whether the data is protected in the countries of this recipient. A second person must approve it."),
)


AUDIT_PROVIDER = _make_act(
    "audit",
    gettext_noop("Record an audit"),
    AssessmentKind.PROVIDER,
    gettext_noop("Who audited this provider, when and with which evidence. A second person must approve it."),
    applies=lambda row, _at: row.kind != RecipientKind.CONTROLLER,
)


class ConsultForm(RowActionForm):
    authority = forms.CharField(label=_("Supervisory authority"), max_length=200)
    reference = forms.CharField(label=_("Reference of its answer"), max_length=200)

    def prepare(self) -> None:
        if authority := self.row.client.find_authority(get_action_time(self.request)):
            self.fields["authority"].initial = authority.name


def _state_pill(row: Assessment) -> SafeString:
    if row.reviewed_at is None:
        return render_state(gettext("Awaits approval"), "warn")
    if row.replaced_at is not None:
        return render_state(gettext("Replaced {day}").format(day=day(row.replaced_at)))
    if row.counts_from is None:
        return render_state(gettext("Authority to consult"), "bad")
    return render_state(gettext("In force from {day}").format(day=day(row.counts_from)), "good")


@admin.register(Assessment, site=site)
class AssessmentAdmin(EvidenceAdmin[Assessment]):
    view_capability = Capability.VIEW_REGISTER
    row_fields = ("kind", "purpose", "recipient", "covered", "residual_risk", "review_on", "questionnaire")
    detail_fields = (
        "state",
        "answered_at",
        "author",
        "reviewed_at",
        "replaced_at",
        "authority",
        "reference",
        "consulted_at",
    )
    list_display = ("about", "kind", "owner", "state", "residual_risk", "review_on")
    list_filter = (ProgressFilter, "kind", "client")
    loaded = ("purpose", "recipient", "client")
    intro = (
        "Descriptions of automated decisions, assessments of impacts and transfers, audits of providers. The page of "
        "a purpose or a recipient asks the questions; a second person approves the answers. PakTaleem’s count at "
        "every client."
    )
    empty_text = "No assessment yet."
    state = state_column(_state_pill)
    author = text_column(lambda row: row.author_email or gettext("Former staff"), "answered by")
    about = text_column(lambda row: str(row.subject), "assessed")
    acts = (approve_assessment, act_page(record_consultation, form=ConsultForm))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Assessment]:
        return super().get_queryset(request).annotate(author_email=staff_name("answered_by", actor_of(request)))

    @admin.display(description="covers")
    def covered(self, row: Assessment) -> str:
        if row.kind in OF_RECIPIENTS:
            return name_countries(row.covers)
        return _describe_risks(row.covers)

    def panels(self, request: HttpRequest, row: Assessment) -> list[dict[str, object]]:
        texts = {
            name: _get_text(question)
            for question in read_questionnaires()[row.kind].questions
            for name in question.names
            if name in row.answers
        }
        names = [*texts, *(name for name in row.answers if name not in texts)]  # questions of an earlier version, last
        answers = [(texts.get(name, name), row.answers[name], name.endswith("_ur")) for name in names]
        return [*super().panels(request, row), {"template": "console/panels/answers.html", "answers": answers}]


_GATE_LABELS = {kind.value: kind.label for kind in AssessmentKind}


def _get_client(row: Purpose | Recipient, request: HttpRequest) -> Client:
    return Client.objects.get(pk=actor_of(request).client_id or row.client_id)


def _describe_gate(gate: Gate, at: datetime) -> dict[str, object]:
    return {"label": _GATE_LABELS[gate.kind], "assessment": gate.find(at)}


def show_purpose_gates(purpose: Purpose, request: HttpRequest) -> dict[str, object]:
    """Return the panel of a purpose: the criteria of high risk that it meets, and the assessments that it needs.

    A client reads of PakTaleem's purposes what applies at the client.
    """
    client, at = _get_client(purpose, request), get_action_time(request)
    criteria = find_purpose_criteria(purpose, client)
    own = Assessment.objects.filter(purpose=purpose, client_id=purpose.client_id)
    gates = [_describe_gate(gate, at) for gate in list_gates(purpose, client, own)]
    found = read_criteria(settings.LAW_PROFILES)
    met = [(text, found[code].source) for code, text in list_criteria() if code in criteria]
    return {
        "template": "console/panels/gates.html",
        "title": gettext("Risk and assessments"),
        "criteria": met,
        "gates": gates,
        "is_high": any(gate["label"] == AssessmentKind.IMPACT.label for gate in gates),
    }


def show_recipient_gates(recipient: Recipient, request: HttpRequest) -> dict[str, object] | None:
    """Return the panel of a recipient: the transfer assessment if it needs one, the audit of a provider; else None."""
    client, at = _get_client(recipient, request), get_action_time(request)
    own = Assessment.objects.filter(recipient=recipient, client_id=recipient.client_id)
    transfer = find_transfer_gate(recipient, client, own)
    gates = [] if transfer is None else [_describe_gate(transfer, at)]
    if recipient.kind != RecipientKind.CONTROLLER:
        audit = own.filter(kind=AssessmentKind.PROVIDER).current().first()
        label = AssessmentKind.PROVIDER.label
        gates.append({"label": label, "assessment": audit and audit.pk, "is_optional": True})
    return {"template": "console/panels/gates.html", "title": gettext("Assessments"), "gates": gates} if gates else None

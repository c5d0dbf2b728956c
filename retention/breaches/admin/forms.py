"""Forms of breaches: assessment, letters, measures, further clients, closing."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.schools.forms import CHOOSING, SelectionForm
from paktaleem.directory.schools.selections import EVERYONE
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.approvals import approval_actions, change_state_column
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.forms import ActionForm, RowActionForm, set_choices
from paktaleem.foundation.console.long_acts import LongAct, Progress, long_acts
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from retention.breaches.drafts import compose_breach_letters
from retention.breaches.models import (
    Audience,
    BreachClosing,
    BreachLetter,
    BreachNotice,
    BreachPerson,
    Likelihood,
    Outcome,
    Severity,
)
from retention.breaches.services.letters import INFORM_PEOPLE
from retention.breaches.services.recording import decide_closing

LANGUAGES = [(code, name) for code, name in settings.LANGUAGES if code in {"en", "ur"}]


def _letter_field(label: Any, language: str = "") -> forms.CharField:
    attributes = {"rows": 14, "dir": "rtl", "lang": "ur"} if language == "ur" else {"rows": 14, "dir": "auto"}
    return forms.CharField(label=label, max_length=8000, widget=forms.Textarea(attrs=attributes))


class AssessForm(ActionForm, SelectionForm):
    """The risk, the outcome, and the people concerned."""

    likelihood = forms.ChoiceField(label=_("Likelihood of harm"), choices=Likelihood.choices, widget=forms.RadioSelect)
    severity = forms.ChoiceField(label=_("Severity of harm"), choices=Severity.choices, widget=forms.RadioSelect)
    outcome = forms.ChoiceField(
        label=_("Who is informed besides the client?"), choices=Outcome.choices, widget=forms.RadioSelect
    )
    reasons = forms.CharField(
        label=_("Reasons"),
        max_length=4000,
        widget=AdminTextareaWidget,
        help_text=_("Also why no one is informed, if so. Do not name people."),
    )
    everyone = forms.BooleanField(
        label=_("Everyone of the client is concerned"),
        required=False,
        help_text=_("Otherwise the people whose data systems hold, by their reports, and those you choose below."),
    )
    number = forms.IntegerField(
        label=_("Number of people concerned"),
        required=False,
        min_value=0,
        max_value=2_000_000_000,
        help_text=_("If it is known from elsewhere, such as a log. Letters state it if it is larger than the list."),
    )
    field_order = ("likelihood", "severity", "outcome", "reasons", "everyone", *CHOOSING, "number")

    def clean(self) -> dict[str, Any]:
        """Check the school, class and grade; replace the fields that choose people by whom they choose."""
        cleaned = super().clean() or self.cleaned_data
        with in_client(self.row.client_id):
            self.check_selection(self.row.client_id)
        chosen = self.selection if not self.errors and self.selection != EVERYONE else None
        is_everyone = cleaned.pop("everyone")
        if chosen and is_everyone:
            self.add_error("everyone", _("Choose people below, or everyone."))
        kept = {name: value for name, value in cleaned.items() if name not in CHOOSING}
        return {**kept, "also": EVERYONE if is_everyone else chosen}


class _DraftForm(ActionForm):
    """A letter whose draft is filled in, in one language."""

    audience: Audience

    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, widget=forms.RadioSelect, initial="en")
    text = _letter_field(_("Letter"))

    def __init__(self, *args: Any, row: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, row=row, request=request, **kwargs)
        if not self.is_bound:
            language = "ur" if self.initial.get("language") == "ur" else "en"
            self.initial["language"] = language
            self.initial["text"] = compose(row, request, self.audience, language)[language]


def compose(row: Any, request: HttpRequest, audience: Audience, *languages: str) -> dict[str, str]:
    """Return a draft in each language, in the context of the breach's client."""
    with in_client(row.client_id):
        return compose_breach_letters(row, audience, languages=languages, actor=actor_of(request))


class ClientLetterForm(_DraftForm):
    """The letter to the client."""

    audience = Audience.CLIENT

    handed_to = forms.CharField(
        label=_("Handed over to"),
        max_length=200,
        required=False,
        help_text=_("Only if the client has no administrator: the office to which you hand the letter. Name no one."),
    )


class AuthorityForm(_DraftForm):
    """The notification of the authority."""

    audience = Audience.AUTHORITY

    authority = forms.CharField(label=_("Supervisory authority"), max_length=200)
    late_reason = forms.CharField(
        label=_("Reasons for the delay"),
        max_length=4000,
        required=False,
        widget=AdminTextareaWidget,
        help_text=_("Only after the 72 hours."),
    )
    field_order = ("authority", "language", "text", "late_reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["authority"].initial = settings.AUTHORITY[0] if settings.AUTHORITY else ""


class PeopleForm(ActionForm):
    """The letter to people, in both languages."""

    language = forms.ChoiceField(label=_("Preview in"), choices=LANGUAGES, widget=forms.RadioSelect, initial="en")
    text = _letter_field(_("Letter (English)"))
    text_ur = _letter_field(_("Letter (Urdu)"), "ur")

    def __init__(self, *args: Any, row: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, row=row, request=request, **kwargs)
        if not self.is_bound:
            drafts = compose(row, request, Audience.PEOPLE, "en", "ur")
            self.initial.update({"text": drafts["en"], "text_ur": drafts["ur"]})


class MeasuresForm(RowActionForm):
    """Form of the measures and the lessons."""

    measures = forms.CharField(
        label=_("Measures"),
        max_length=4000,
        widget=AdminTextareaWidget,
        help_text=_("Taken and proposed; shown in letters."),
    )
    lessons = forms.CharField(label=_("Lessons"), max_length=4000, required=False, widget=AdminTextareaWidget)
    field_order = ("measures", "lessons", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["measures"], self.initial["lessons"] = self.row.measures, self.row.lessons


class ClientsForm(ActionForm):
    """Further clients that the same event concerns."""

    clients = forms.ModelMultipleChoiceField(
        Client.objects.none(), label=_("Clients"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer every other client that is not a sandbox."""
        super().__init__(*args, **kwargs)
        others = Client.objects.exclude(pk=self.row.client_id).filter(is_sandbox=False)
        set_choices(self, "clients", others.order_by("name"))


class CloseForm(ActionForm):
    """The ground for closing."""

    ground = forms.CharField(
        label=_("Ground"),
        max_length=2000,
        widget=AdminTextareaWidget,
        help_text=_("Why is nothing more to be done? Do not name people."),
    )


@admin.register(BreachClosing, site=site)
class BreachClosingAdmin(EvidenceAdmin):
    """Console page of requests to close a breach."""

    view_capability = Capability.VIEW_BREACHES
    ledger_families = ("breach",)
    list_display = ("requested_at", "breach", "standing", "owner")
    list_filter = ("state", "client")
    newest_by = "requested_at"
    detail_fields = ("breach", "ground", "standing", "requested_at", "settled_at")
    intro = "Breaches that one person wants to close. A breach stays open until a second person has checked its file."
    empty_text = "No one has requested to close a breach."
    standing = change_state_column
    acts = approval_actions(
        decide_closing,
        approve="Close the breach",
        decline="Keep the breach open",
        lead="Check the file of the breach first: nothing can be added once it is closed.",
        capability=Capability.MANAGE_BREACHES,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("breach")


_LOOKED_BACK = timedelta(days=30)


def measure_letter(row: BreachLetter) -> Progress:
    """Return how many people on the letter's list are informed, or could not be; two queries."""
    total = BreachPerson.objects.filter(client_id=row.client_id, assessment=row.assessment_id).count()
    notices = BreachNotice.objects.filter(client_id=row.client_id, letter=row)
    found = notices.aggregate(people=Count("subject_id", distinct=True), latest=Max("at"))
    ended = (found["latest"] or row.sent_at) if found["people"] >= total else None
    return Progress(found["people"], total, row.sent_at, ended, started_by=row.actor_id)


def _list_rows(since: datetime) -> QuerySet[BreachLetter]:
    rows = BreachLetter.objects.filter(audience=Audience.PEOPLE, sent_at__gte=since - _LOOKED_BACK)
    return rows.defer("text", "text_ur").order_by("-sent_at", "-pk")


long_acts.connect(
    LongAct(
        "breaches.breachletter",
        _("Emails about a breach"),
        frozenset({INFORM_PEOPLE}),
        Capability.VIEW_BREACHES,
        _list_rows,
        measure_letter,
        lambda row: reverse("admin:breaches_breach_change", args=[row.breach_id]),
    )
)

"""Forms of breaches: assessment, letters, measures, further clients, closing."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.schools.admin.choosing import CHOOSING, SelectionForm
from paktaleem.directory.schools.selections import EVERYONE
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.console.forms import ActionForm, RowActionForm, set_choices
from paktaleem.foundation.console.requests import actor_of
from paktaleem.foundation.tenancy.context import in_client
from retention.breaches.drafts import compose_breach_letters
from retention.breaches.models import LIKELIHOODS, OUTCOMES, SEVERITIES, Audience

LANGUAGES = [(code, name) for code, name in settings.LANGUAGES if code in {"en", "ur"}]


def _letter_field(label: Any, language: str = "") -> forms.CharField:
    attributes = {"rows": 14, "dir": "rtl", "lang": "ur"} if language == "ur" else {"rows": 14, "dir": "auto"}
    return forms.CharField(label=label, max_length=8000, widget=forms.Textarea(attrs=attributes))


class Whose(models.TextChoices):
    """Choice of the people whom a breach concerns."""

    HELD = "held", _("The people whose data systems hold, by their reports")
    CHOSEN = "chosen", _("Also the people chosen below")
    EVERYONE = "everyone", _("Everyone of the client")


class AssessForm(ActionForm, SelectionForm):
    """The risk, the outcome, and the people concerned."""

    likelihood = forms.ChoiceField(label=_("Likelihood of harm"), choices=LIKELIHOODS, widget=forms.RadioSelect)
    severity = forms.ChoiceField(label=_("Severity of harm"), choices=SEVERITIES, widget=forms.RadioSelect)
    outcome = forms.ChoiceField(
        label=_("Who is informed besides the client?"), choices=OUTCOMES, widget=forms.RadioSelect
    )
    reasons = forms.CharField(
        label=_("Reasons"),
        max_length=4000,
        widget=AdminTextareaWidget,
        help_text=_("Also why no one is informed, if so. Do not name people."),
    )
    whose = forms.ChoiceField(
        label=_("Who is concerned?"), choices=Whose.choices, initial=Whose.HELD, widget=forms.RadioSelect
    )
    number = forms.IntegerField(
        label=_("Number of people concerned"),
        required=False,
        min_value=0,
        max_value=2_000_000_000,
        help_text=_("If it is known from elsewhere, such as a log. Letters state it if it is larger than the list."),
    )
    field_order = ("likelihood", "severity", "outcome", "reasons", "whose", *CHOOSING, "number")

    def clean(self) -> dict[str, Any]:
        """Check the school, class and grade; replace the fields that choose people by whom they choose."""
        cleaned = super().clean() or self.cleaned_data
        with in_client(self.row.client_id):
            self.check_selection(self.row.client_id)
        if self.errors:
            return cleaned
        whose, chosen = cleaned.pop("whose"), self.selection
        if whose == Whose.CHOSEN and chosen == EVERYONE:
            self.add_error("whose", _("Choose people below."))
        if whose == Whose.HELD and chosen != EVERYONE:
            self.add_error("whose", _("Choose “Also the people chosen below”, or leave the fields below empty."))
        kept = {name: value for name, value in cleaned.items() if name not in CHOOSING}
        also = {Whose.HELD: None, Whose.CHOSEN: chosen}.get(Whose(whose), EVERYONE)
        return {**kept, "also": also}


class _DraftForm(ActionForm):
    """A letter whose draft is filled in, in one language."""

    audience: Audience

    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, widget=forms.RadioSelect, initial="en")
    text = _letter_field(_("Letter"))

    def __init__(self, *args: Any, row: Any, request: HttpRequest, **kwargs: Any) -> None:
        """Fill in the template of the language that the address names, English by default."""
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
        """Suggest the authority that receipts name."""
        super().__init__(*args, **kwargs)
        self.fields["authority"].initial = settings.AUTHORITY[0] if settings.AUTHORITY else ""


class PeopleForm(ActionForm):
    """The letter to people, in both languages."""

    language = forms.ChoiceField(label=_("Preview in"), choices=LANGUAGES, widget=forms.RadioSelect, initial="en")
    text = _letter_field(_("Letter (English)"))
    text_ur = _letter_field(_("Letter (Urdu)"), "ur")

    def __init__(self, *args: Any, row: Any, request: HttpRequest, **kwargs: Any) -> None:
        """Fill in both templates."""
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
        """Show what is recorded."""
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

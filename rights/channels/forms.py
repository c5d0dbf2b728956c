"""Forms by which people make a request."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.details import contact_index
from paktaleem.foundation.accounts.models import Client
from rights.requests.models.requests import RightKind
from rights.requests.states import State

STATES_FOR_PERSON = {
    State.TRIAGE: _("We are looking into it"),
    State.IDENTITY_PENDING: _("Waits for your confirmation"),
    State.WITH_CLIENT: _("Your institution decides"),
    State.IN_REVIEW: _("PakTaleem decides"),
    State.APPROVED: _("Granted; the answer follows"),
    State.PARTLY_APPROVED: _("Granted in part; the answer follows"),
    State.REFUSED: _("Refused; the answer follows with the reasons"),
    State.EXECUTING: _("Being carried out"),
    State.RESPONDED: _("Answered"),
    State.CLOSED: _("Closed"),
    State.WITHDRAWN: _("You ended it"),
    State.DUPLICATE: _("Continued in another request"),
    State.HANDED_OVER: _("Continued at your institution"),
}
"""States in the words of the person’s own page."""

_CHOICES = [
    (RightKind.ACCESS.value, _("See what data you have about me")),
    (RightKind.RECTIFICATION.value, _("Correct data about me")),
    (RightKind.ERASURE.value, _("Delete data about me")),
    (RightKind.RESTRICTION.value, _("Stop using data about me, but keep it")),
    (RightKind.PORTABILITY.value, _("Receive my data as a file for another service")),
    (RightKind.OBJECTION.value, _("Object to a use of my data")),
    (RightKind.WITHDRAWAL.value, _("Withdraw my consent")),
    (RightKind.COMPLAINT.value, _("Complain about how my data is handled")),
    (RightKind.QUESTION.value, _("Ask a question")),
]


class OwnRequestForm(forms.Form):
    """Form for the rights the person exercises, and details in their own words."""

    kinds = forms.MultipleChoiceField(
        label=_("What do you want?"), choices=_CHOICES, widget=forms.CheckboxSelectMultiple
    )
    details = forms.CharField(
        label=_("Details"),
        help_text=_("What should we look at? Leave out what is not needed."),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
    )


class PublicRequestForm(OwnRequestForm):
    """A request of anyone, with a contact; it proves nothing about who they are."""

    contact = forms.CharField(
        label=_("Your email address or mobile number"),
        help_text=_("The one your school or institution knows. We write only to contacts that were on file before."),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "email", "dir": "ltr", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, client: Client, **kwargs: Any) -> None:
        """Store the client, whose country's numbering applies to the contact."""
        self.client = client
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Refuse a contact that is neither an email address nor a phone number."""
        cleaned = super().clean() or self.cleaned_data
        if "contact" in cleaned:
            try:
                contact_index(self.client.pk, cleaned["contact"], region=self.client.country)
            except ValueError:
                self.add_error("contact", _("This is not an email address or a phone number."))
        return cleaned

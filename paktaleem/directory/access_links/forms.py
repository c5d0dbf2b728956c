"""Forms for requesting and entering a one-time code."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.access_links.limits import message_key
from paktaleem.directory.access_links.tokens import CODE_DIGITS
from paktaleem.directory.people.details import contact_index, parse_contact
from paktaleem.foundation.accounts.models import Client

_EASTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


class ContactForm(forms.Form):
    """Email address or phone number to which a code is sent."""

    contact = forms.CharField(
        label=_("Your email address or mobile number"),
        help_text=_("The one your school or institution knows."),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "email", "dir": "ltr", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, client: Client, **kwargs: Any) -> None:
        """Store the client, whose key hashes the contact and whose country's numbering applies."""
        self.client = client
        super().__init__(*args, **kwargs)

    def clean_contact(self) -> tuple[str, bytes, str]:
        """Return the kind of contact, its keyed hash, and the key under which messages to it are counted."""
        text, region = self.cleaned_data["contact"], self.client.country
        try:
            field, index = contact_index(self.client.pk, text, region=region)
            return field, index, message_key(parse_contact(text, region=region)[1])
        except ValueError as error:
            raise forms.ValidationError(_("This is not an email address or a phone number.")) from error


class CodeForm(forms.Form):
    """Entry of the one-time code."""

    code = forms.CharField(
        label=_("The code"),
        help_text=_("Eight digits, from the email or text message."),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "dir": "ltr"}),
    )

    def clean_code(self) -> str:
        """Return the digits, typed in any script and spacing."""
        digits = "".join(
            one for one in self.cleaned_data["code"].translate(_EASTERN) if one.isascii() and one.isdigit()
        )
        if len(digits) != CODE_DIGITS:
            raise forms.ValidationError(_("The code has eight digits."))
        return digits

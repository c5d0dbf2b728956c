"""What a person types to come in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.access_links.tokens import CODE_DIGITS
from paktaleem.directory.people.details import contact_index
from paktaleem.foundation.accounts.models import Client

__all__ = ["CodeForm", "ContactForm"]

_EASTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


class ContactForm(forms.Form):
    """Where a code is to be sent."""

    contact = forms.CharField(
        label=_("Your email address or mobile number"),
        help_text=_("The one your school or institution knows."),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "email", "dir": "ltr", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, client: Client, **kwargs: Any) -> None:
        """Know the client whose keyed hash is meant, and from whose country numbers are dialled."""
        self.client = client
        super().__init__(*args, **kwargs)

    def clean_contact(self) -> tuple[str, bytes]:
        """Give the kind of address and its keyed hash: the address itself goes no further."""
        try:
            return contact_index(self.client.pk, self.cleaned_data["contact"], region=self.client.country)
        except ValueError as error:
            raise forms.ValidationError(_("This is neither an email address nor a telephone number.")) from error


class CodeForm(forms.Form):
    """The code that was sent."""

    code = forms.CharField(
        label=_("The code"),
        help_text=_("Eight digits, from the letter or text message."),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "dir": "ltr"}),
    )

    def clean_code(self) -> str:
        """Take the digits, in whichever script and spacing they were typed."""
        digits = "".join(
            one for one in self.cleaned_data["code"].translate(_EASTERN) if one.isascii() and one.isdigit()
        )
        if len(digits) != CODE_DIGITS:
            raise forms.ValidationError(_("The code has eight digits."))
        return digits

"""Form to find the institution of a member of staff."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.single_sign_on.selectors import Institution, list_institutions


class ChooseInstitutionForm(forms.Form):
    """An email address; only its domain is looked at, and nothing is said about accounts."""

    email = forms.EmailField(label=_("Email address"), max_length=254)
    institutions: list[Institution]

    def clean_email(self) -> str:
        """Find the institutions of the domain. Raises ValidationError if there is none."""
        email = str(self.cleaned_data["email"])
        self.institutions = list_institutions(email.rpartition("@")[2])
        if not self.institutions:
            words = gettext("No institution with single sign-on uses addresses at {domain}. Sign in with a password.")
            raise ValidationError(words.format(domain=email.rpartition("@")[2]))
        return email

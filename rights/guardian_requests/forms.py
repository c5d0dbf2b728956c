"""Forms for guardians' requests and for concerns about a child's data."""

from collections.abc import Container
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.console.forms import set_choices
from rights.guardian_requests.texts import WISH_LABELS
from rights.guardian_requests.wishes import Wish


class ConcernForm(forms.Form):
    """Public form for a concern about a child's data."""

    text = forms.CharField(
        label=_("What is your concern?"),
        help_text=_("State the school or platform, and what happened. Name the child only if necessary."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
    )
    contact = forms.CharField(
        label=_("How can we contact you?"),
        help_text=_("An email address or telephone number. Without it we will act, but cannot answer you."),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"dir": "auto", "spellcheck": "false"}),
    )


class DataForm(forms.Form):
    """Form for a guardian's request about a child's data; no option is preselected."""

    wish = forms.ChoiceField(label=_("What should happen?"), widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("Anything to add"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )

    def __init__(self, *args: Any, refused: Container[Wish], **kwargs: Any) -> None:
        """Offer only the requests that this guardian may make."""
        super().__init__(*args, **kwargs)
        offered = [(wish.value, words) for wish, words in WISH_LABELS.items() if wish not in refused]
        set_choices(self, "wish", offered)

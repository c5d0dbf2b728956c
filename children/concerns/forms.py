"""What a person reports, and what a guardian asks for."""

from collections.abc import Container
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from children.concerns.asking import Wish
from paktaleem.foundation.console.forms import offer

__all__ = ["WISHES", "ConcernForm", "DataForm"]

WISHES: dict[Wish, Promise] = {
    Wish.COPY: _("I ask for a copy of the data"),
    Wish.DELETION: _("I ask that the data be deleted"),
    Wish.KEEP: _("Keep what the school must keep, and do nothing else with it"),
}

_TEXT = forms.Textarea(attrs={"rows": 6, "dir": "auto"})


class ConcernForm(forms.Form):
    """A concern about a child's data, by anybody."""

    text = forms.CharField(
        label=_("What worries you?"),
        help_text=_("Say which school or platform, and what happened. Name the child only if it is needed."),
        max_length=4000,
        widget=_TEXT,
    )
    contact = forms.CharField(
        label=_("Where can we answer you?"),
        help_text=_("A mail address or telephone number. Without it we act, and cannot tell you."),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"dir": "auto", "spellcheck": "false"}),
    )


class DataForm(forms.Form):
    """What a guardian asks for about a child's data. Nothing is chosen beforehand."""

    wish = forms.ChoiceField(label=_("What shall happen?"), widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("Anything to add"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )

    def __init__(self, *args: Any, refused: Container[Wish], **kwargs: Any) -> None:
        """Offer only what this guardian may ask for."""
        super().__init__(*args, **kwargs)
        offered = [(wish.value, words) for wish, words in WISHES.items() if wish not in refused]
        offer(self, "wish", offered)

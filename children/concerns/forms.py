"""What a person reports, and what a guardian asks for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

__all__ = ["ConcernForm", "DataForm"]

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

    wish = forms.ChoiceField(
        label=_("What shall happen?"),
        widget=forms.RadioSelect,
        choices=[
            ("copy", _("I ask for a copy of the data")),
            ("deletion", _("I ask that the data be deleted")),
            ("keep", _("Keep what the school must keep, and do nothing else with it")),
        ],
    )

    def __init__(self, *args: Any, may_receive_data: bool, **kwargs: Any) -> None:
        """Offer no copy to a guardian who may not be told what is held about the child."""
        super().__init__(*args, **kwargs)
        if not may_receive_data:
            wish = self.fields["wish"]
            wish.choices = [one for one in wish.choices if one[0] != "copy"]  # type: ignore[attr-defined]

    text = forms.CharField(
        label=_("Anything to add"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )

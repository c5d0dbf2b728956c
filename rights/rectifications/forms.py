"""Form by which a person says what is wrong."""

from django import forms
from django.utils.translation import gettext_lazy as _

from rights.rectifications.values import FIELD_LABELS

_SHORT = {"dir": "auto", "autocomplete": "off"}


class CorrectionForm(forms.Form):
    """One correction: a field or something else, the value as the person knows it, and the correct one."""

    field = forms.ChoiceField(label=_("What is wrong?"), choices=[("", _("Choose…")), *FIELD_LABELS.items()])
    about = forms.CharField(
        label=_("If it is something else: what, and where?"),
        help_text=_("For example: the mark of a course, and the course."),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs=_SHORT),
    )
    old_value = forms.CharField(
        label=_("What is there now, as far as you know?"),
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs=_SHORT),
    )
    new_value = forms.CharField(
        label=_("What is correct?"),
        help_text=_("Write a day as 2014-03-27. Leave it empty to have an email address or phone number removed."),
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs=_SHORT),
    )
    evidence = forms.CharField(
        label=_("What shows it?"),
        help_text=_("In words, such as: it is so on my certificate. Never send identity papers."),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )

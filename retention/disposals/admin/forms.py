"""Forms of disposals."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.console.forms import ActionForm, GroundField, set_choices
from paktaleem.foundation.console.register_names import format_category
from paktaleem.foundation.console.widgets import DayInput


class TakeOutForm(ActionForm):
    """A person whose holdings are taken out of a disposal, or kept longer, with the ground."""

    person = forms.CharField(label=_("LMS id of the person"), max_length=255)
    category = forms.ChoiceField(label=_("Data category"), required=False)
    until = forms.DateField(
        label=_("Keep until"),
        required=False,
        widget=DayInput,
        help_text=_("Without a day, the data is flagged again after 90 days."),
    )
    ground = GroundField(help_text=_("About the case only; do not name people."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the categories of the disposal."""
        super().__init__(*args, **kwargs)
        codes = sorted({one["category"] for one in self.row.summary})
        set_choices(
            self,
            "category",
            [("", gettext("Every category")), *((code, format_category(code, self.row.client_id)) for code in codes)],
        )

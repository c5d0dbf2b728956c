"""Forms of the acts on exits."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.console.forms import ActionForm, RowActionForm, set_choices
from retention.exits.models import Choice, ExitPart

_MOST_DAYS = 730


class ProposeForm(ActionForm):
    """The client's choice and the deadlines."""

    choice = forms.ChoiceField(label=_("The client’s choice"), choices=Choice.choices, widget=forms.RadioSelect)
    return_days = forms.IntegerField(
        label=_("Days for the return"),
        min_value=1,
        max_value=_MOST_DAYS,
        initial=30,
        help_text=_("Counted from the approval. Without a return this has no effect."),
    )
    delete_days = forms.IntegerField(
        label=_("Days until everything is deleted"),
        min_value=1,
        max_value=_MOST_DAYS,
        initial=60,
        help_text=_("Counted from the approval."),
    )


class PartForm(RowActionForm):
    """The part of the export, and the reason."""

    part = forms.ChoiceField(label=_("Part"))
    field_order = ("part", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the parts of the export."""
        super().__init__(*args, **kwargs)
        rows = ExitPart.objects.filter(client_id=self.row.client_id, exit=self.row).select_related("file")
        self.offered = {str(one.pk): one for one in rows}
        set_choices(self, "part", [(key, str(one)) for key, one in self.offered.items()])

    def clean_part(self) -> ExitPart:
        """Return the part."""
        return self.offered[self.cleaned_data["part"]]


class DeclinedForm(RowActionForm):
    """Where the client's refusal of its data is written down, and the reason."""

    document = forms.CharField(
        label=_("Written down in"),
        max_length=200,
        help_text=_(
            "The client’s email or document, with its date and without names. If the last day of the return has "
            "passed without an answer: our written notice that the data will be deleted."
        ),
    )
    field_order = ("document", "reason")

"""Forms of the acts on an authority's case."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.console.forms import ActionForm, RowActionForm, set_choices
from paktaleem.foundation.console.widgets import DayInput
from rights.complaints.models import CaseDeadline, CaseEntry, CaseOutcome, Direction, Origin
from rights.requests.authorities import AUTHORITIES, NONE_YET

_TEXT = {"rows": 8, "dir": "auto"}


class OpenForm(ActionForm):
    """A new case: the authority, who turned to it, its reference, and the day."""

    country = forms.ChoiceField(
        label=_("Supervisory authority"),
        required=False,
        help_text=_("Pakistan and Bangladesh have no supervisory authority yet, as far as we know: name the court."),
    )
    authority = forms.CharField(label=_("Another authority or court, by name"), required=False, max_length=200)
    origin = forms.ChoiceField(label=_("How it began"), choices=Origin.choices, widget=forms.RadioSelect)
    reference = forms.CharField(
        label=_("Reference number of the authority"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"dir": "ltr"}),
    )
    opened_on = forms.DateField(label=_("Opened on"), widget=DayInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the authorities of the directory by country."""
        super().__init__(*args, **kwargs)
        offered = [(code, f"{code} · {one.name}") for code, one in AUTHORITIES.items() if code not in NONE_YET]
        set_choices(self, "country", [("", "—"), *offered])


class MessageForm(ActionForm):
    """One message of the correspondence."""

    direction = forms.ChoiceField(label=_("Direction"), choices=Direction.choices, widget=forms.RadioSelect)
    on = forms.DateField(label=_("Day of the message"), widget=DayInput())
    text = forms.CharField(label=_("Text"), required=False, max_length=8000, widget=forms.Textarea(attrs=_TEXT))
    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("Any type. It is encrypted with the request and never opened here; its name is not stored."),
    )


class DeadlineForm(ActionForm):
    """A day by which the authority expects something."""

    due_on = forms.DateField(label=_("Due on"), widget=DayInput())
    what = forms.CharField(label=_("What the authority expects"), max_length=8000, widget=forms.Textarea(attrs=_TEXT))


class DoneForm(ActionForm):
    """The deadline that is met."""

    deadline = forms.ChoiceField(label=_("Deadline"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the open deadlines of the case."""
        super().__init__(*args, **kwargs)
        rows = CaseDeadline.objects.filter(client_id=self.row.client_id, case=self.row, done_at=None)
        self.offered: dict[str, CaseDeadline] = {str(one.pk): one for one in rows.select_related("case__request")}
        set_choices(self, "deadline", [(key, str(one.due_on)) for key, one in self.offered.items()])

    def clean_deadline(self) -> CaseDeadline:
        """Return the deadline."""
        return self.offered[self.cleaned_data["deadline"]]


class EndForm(ActionForm):
    """How the case ended."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=CaseOutcome.choices, widget=forms.RadioSelect)
    ended_on = forms.DateField(label=_("Day of the outcome"), widget=DayInput())
    measures = forms.CharField(
        label=_("Measures"),
        help_text=_("What is done about it. Needed if the complaint was upheld, wholly or partly."),
        required=False,
        max_length=8000,
        widget=forms.Textarea(attrs=_TEXT),
    )


class FileForm(RowActionForm):
    """The message whose file is opened, and the reason."""

    entry = forms.ChoiceField(label=_("Message"), widget=forms.RadioSelect)
    field_order = ("entry", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the messages that have a file."""
        super().__init__(*args, **kwargs)
        rows = CaseEntry.objects.filter(client_id=self.row.client_id, case=self.row, file__isnull=False)
        self.offered = {str(one.pk): one for one in rows.select_related("case__request", "file")}
        set_choices(self, "entry", [(key, str(one)) for key, one in self.offered.items()])

    def clean_entry(self) -> CaseEntry:
        """Return the message."""
        return self.offered[self.cleaned_data["entry"]]

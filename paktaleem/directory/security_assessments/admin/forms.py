"""Forms of the acts on assessments and findings."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.security_assessments.models import AssessmentReport, FindingSeverity, get_staff_day
from paktaleem.directory.security_assessments.selectors import list_reports
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.console.forms import ActionForm, RowActionForm, set_choices
from paktaleem.foundation.console.widgets import DayInput

_LONGEST = 4000


def _severity_field() -> forms.ChoiceField:
    return forms.ChoiceField(label=_("Severity"), choices=FindingSeverity.choices, widget=forms.RadioSelect)


def _day_field(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=DayInput, **options)


class ReportForm(ActionForm):
    """A report of the assessment."""

    file = forms.FileField(
        label=_("File"), help_text=_("PDF, JPEG or PNG. It is encrypted; the name of the file is not stored.")
    )


class OpenReportForm(RowActionForm):
    """The report to be opened, and the reason."""

    report = forms.ChoiceField(label=_("Report"), widget=forms.RadioSelect)
    field_order = ("report", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the reports of the assessment."""
        super().__init__(*args, **kwargs)
        self.offered = {str(one.pk): one for one in list_reports(self.row)}
        set_choices(self, "report", [(key, str(one)) for key, one in self.offered.items()])

    def clean_report(self) -> AssessmentReport:
        """Return the report."""
        return self.offered[self.cleaned_data["report"]]


class PlanForm(RowActionForm):
    """The day of the next assessment."""

    next_on = _day_field(_("Next due"))
    field_order = ("next_on", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the day that is planned."""
        super().__init__(*args, **kwargs)
        self.initial["next_on"] = self.row.next_on


class FindingForm(ActionForm):
    """A new finding."""

    title = forms.CharField(label=_("Title"), max_length=200)
    description = forms.CharField(
        label=_("Description"),
        max_length=_LONGEST,
        widget=AdminTextareaWidget,
        help_text=_("What is weak, where, and what could happen. Do not name people."),
    )
    severity = _severity_field()
    team = forms.CharField(label=_("Team that mends it"), max_length=200, help_text=_("Do not name people."))
    found_on = _day_field(_("Found on"), help_text=_("The days to mend it count from this day."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Suggest the last day of the assessment."""
        super().__init__(*args, **kwargs)
        self.initial["found_on"] = self.row.ends_on


class ChangeFindingForm(RowActionForm):
    """Severity and team of a finding."""

    severity = _severity_field()
    team = forms.CharField(label=_("Team that mends it"), max_length=200, help_text=_("Do not name people."))
    field_order = ("severity", "team", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show what is recorded."""
        super().__init__(*args, **kwargs)
        self.initial["severity"], self.initial["team"] = self.row.severity, self.row.team


class RemediationForm(RowActionForm):
    """How a finding was mended, and when."""

    remediation = forms.CharField(
        label=_("How it was mended"),
        max_length=_LONGEST,
        widget=AdminTextareaWidget,
        help_text=_("What was changed, and how it was checked. Do not name people."),
    )
    mended_on = _day_field(_("Mended on"))
    field_order = ("remediation", "mended_on", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Suggest today."""
        super().__init__(*args, **kwargs)
        self.initial["mended_on"] = get_staff_day(wall_clock_now())


class AcceptForm(ActionForm):
    """The ground for accepting a risk, and until when."""

    ground = forms.CharField(
        label=_("Ground"),
        max_length=2000,
        widget=AdminTextareaWidget,
        help_text=_("Why is the risk acceptable until then, and what limits it? Do not name people."),
    )
    until = _day_field(_("Until"), help_text=_("At most a year from now. On this day the finding is due again."))

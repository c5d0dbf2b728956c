"""The choice of a past time at which a page of the console shows a state."""

from datetime import UTC, datetime, time

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.console.widgets import DayInput


class AsOfForm(forms.Form):
    """The time to show, in the reader's time zone; empty: now."""

    day = forms.DateField(label=_("As of"), required=False, widget=DayInput())
    hour = forms.TimeField(label=_("at"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))

    def moment(self, now: datetime) -> datetime:
        """Return the chosen time, the end of the day if only a day is given; never in the future."""
        if not self.is_valid() or self.cleaned_data.get("day") is None:
            return now
        hour = self.cleaned_data.get("hour") or time(23, 59, 59, 999_999)
        chosen = datetime.combine(self.cleaned_data["day"], hour, timezone.get_current_timezone())
        return min(chosen.astimezone(UTC), now)

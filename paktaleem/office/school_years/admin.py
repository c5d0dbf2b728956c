"""The act that ends a school year, on the page of a school. It shows the effect first and asks to confirm it."""

from collections import Counter
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.schools.models import Enrolment, EnrolmentRole, School, SchoolClass
from paktaleem.foundation.console.forms import ActionForm, FormData, add_service_error
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import AddedAct, act_page, added_acts
from paktaleem.foundation.console.widgets import DayInput
from paktaleem.foundation.errors import EFFECT_SHOWN
from paktaleem.foundation.first_rows import take_first
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.school_years.services import YearEnd, YearEndChoices, end_school_year, preview_year_end

_MOST_CLASSES = 100
_LEAVES = "leaves"
_CLASS = "class-"
_SHOWN_ONLY = _("Nothing has changed yet. Check the numbers, then send the form again.")


class YearEndForm(ActionForm):
    """The choice for each class; the first submission shows the effect, the second one with the same effect acts."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    on = forms.DateField(
        label=_("First day after the year"),
        widget=DayInput,
        help_text=_("The old classes end with the day before, the new ones begin."),
    )
    ends_consents = forms.BooleanField(
        label=_("Let the consents of those who leave end"),
        required=False,
        help_text=_("Also those that could outlive the school, such as to news for former pupils."),
    )
    row: School
    effect: YearEnd | None = None

    def prepare(self) -> None:
        self.at = get_action_time(self.request)
        with in_client(self.row.client_id):
            self.initial.setdefault("on", self.row.client.day_at(self.at))
            rows = SchoolClass.objects.filter(client_id=self.row.client_id, school=self.row, ended_at=None)
            self.classes = take_first(rows.order_by("title", "id"), _MOST_CLASSES)
            students = Enrolment.objects.filter(
                client_id=self.row.client_id,
                school_class_id__in=[one.pk for one in self.classes],
                role=EnrolmentRole.STUDENT,
                ended_at=None,
            )
            with_pupils = set(students.order_by().values_list("school_class_id", flat=True).distinct())
        labels = {str(one.pk): f"{one.title} – {one.external_id}" for one in self.classes}
        ways = [("", gettext("stays as it is")), (_LEAVES, gettext("leaves the institution"))]
        for one in self.classes:
            if one.pk in with_pupils:
                others = [(key, label) for key, label in labels.items() if key != str(one.pk)]
                self.fields[f"{_CLASS}{one.pk}"] = forms.ChoiceField(
                    label=labels[str(one.pk)], required=False, choices=[*ways, *others]
                )
        self.order_fields([*(name for name in self.fields if name.startswith(_CLASS)), "on", "ends_consents"])

    def clean(self) -> FormData:
        """Add the choices; unless their effect was shown, show it instead of acting."""
        cleaned = super().clean()
        if self.errors:
            return cleaned
        chosen = {UUID(name.removeprefix(_CLASS)): cleaned[name] for name in cleaned if name.startswith(_CLASS)}
        cleaned["choices"] = YearEndChoices(
            moving={key: UUID(way) for key, way in chosen.items() if way not in {"", _LEAVES}},
            leaving=[key for key, way in chosen.items() if way == _LEAVES],
            on=cleaned["on"],
            ends_consents=cleaned["ends_consents"],
        )
        try:
            with in_client(self.row.client_id):
                effect = preview_year_end(self.row, cleaned["choices"], at=self.at)
        except ValidationError as refusal:
            add_service_error(self, refusal)
            return cleaned
        if cleaned["seen"] != effect.fingerprint:
            self._show(effect)
        return cleaned

    def _show(self, effect: YearEnd) -> None:
        self.effect = effect
        self.data = QueryDict(mutable=True)
        for name in self.request.POST:
            self.data.setlist(name, self.request.POST.getlist(name))
        self.data["seen"] = effect.fingerprint
        self.add_error(None, ValidationError(_SHOWN_ONLY, code=EFFECT_SHOWN))

    def numbers(self) -> list[tuple[str, str, int]]:
        if self.effect is None:
            return []
        counts = Counter(one.school_class_id for one in self.effect.ending)
        titles = {one.pk: one.title for one in self.classes}
        choices = self.cleaned_data["choices"]
        ways = {key: titles[target] for key, target in choices.moving.items()}
        ways |= dict.fromkeys(choices.leaving, gettext("leaves the institution"))
        return [(titles[key], way, counts[key]) for key, way in ways.items()]


def _end_year(row: School, given: FormData, request: HttpRequest) -> None:
    at = get_action_time(request)
    end_school_year(row, given["choices"], shown=given["seen"], actor=actor_of(request), at=at)


added_acts.connect(
    AddedAct(
        School._meta.label_lower,
        act_page(end_school_year, form=YearEndForm, respond=_end_year, template="console/end_year.html"),
    )
)

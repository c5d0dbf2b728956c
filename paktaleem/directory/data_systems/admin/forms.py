"""Forms for people who carry out orders by hand."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.data_systems.labels import EXEMPTION_LABELS
from paktaleem.directory.data_systems.models.orders import Order, OrderKind
from paktaleem.directory.data_systems.results import Answer, Exemption
from paktaleem.directory.data_systems.states import Outcome
from paktaleem.foundation.console.forms import ActionForm, set_choices
from paktaleem.foundation.console.register_names import format_category

_OUTCOMES = [
    (Outcome.DONE.value, _("Done")),
    (Outcome.NOT_FOUND.value, _("No such person there")),
    (Outcome.NOT_APPLICABLE.value, _("Not applicable")),
]
_EXEMPTIONS = [("", _("It does apply")), *((code.value, EXEMPTION_LABELS[code]) for code in Exemption)]
_COUNT = "count_"


class AnswerForm(ActionForm):
    """Result of an order; further fields depend on its kind."""

    outcome = forms.ChoiceField(label=_("Result"), choices=_OUTCOMES, widget=forms.RadioSelect)
    exemption = forms.ChoiceField(label=_("Why it does not apply"), choices=_EXEMPTIONS, required=False)

    def __init__(self, *args: Any, row: Order, request: HttpRequest, **kwargs: Any) -> None:
        """Add counts where data is destroyed, and the corrected fields of a correction."""
        super().__init__(*args, row=row, request=request, **kwargs)
        if row.kind in {OrderKind.ERASE, OrderKind.ANONYMISE}:
            for category in row.categories:
                label = _("Records: {category}").format(category=format_category(category, row.client_id))
                self.fields[_COUNT + category] = forms.IntegerField(label=label, min_value=0, required=False)
        if row.kind == OrderKind.CORRECT:
            self.fields["corrected"] = forms.MultipleChoiceField(
                label=_("Corrected"),
                choices=[(name, name) for name in row.fields],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )

    def clean(self) -> dict[str, Any]:
        """Validate the fields and build the answer; the service checks it against the order."""
        cleaned: dict[str, Any] = super().clean() or {}
        if "outcome" not in cleaned:
            return cleaned
        done = cleaned["outcome"] == Outcome.DONE
        missing = [name for name in self.fields if name.startswith(_COUNT) and cleaned.get(name) is None]
        for name in missing if done else ():
            if name not in self.errors:
                self.add_error(name, _("Enter the number; 0 is allowed."))
        if done and "corrected" in self.fields and not cleaned.get("corrected"):
            self.add_error("corrected", _("Name the fields that were corrected."))
        if cleaned["outcome"] == Outcome.NOT_APPLICABLE and not cleaned.get("exemption"):
            self.add_error("exemption", _("Say why."))
        return cleaned if self.errors else {**cleaned, "answer": self._answer(cleaned, done=done)}

    def _answer(self, cleaned: dict[str, Any], *, done: bool) -> Answer:
        outcome = Outcome(cleaned["outcome"])
        counts = {name.removeprefix(_COUNT): cleaned[name] for name in self.fields if name.startswith(_COUNT)}
        return Answer(
            outcome=outcome,
            reason=cleaned["exemption"] if outcome is Outcome.NOT_APPLICABLE else "",
            counts=counts if done else {},
            corrected=tuple(cleaned.get("corrected") or ()) if done else (),
        )


class FileForm(ActionForm):
    """One file of collected data, and its data category."""

    category = forms.ChoiceField(label=_("Data"))
    file = forms.FileField(label=_("File"), help_text=_("PDF, JPEG, PNG or JSON. Its name is not kept."))

    def __init__(self, *args: Any, row: Order, request: HttpRequest, **kwargs: Any) -> None:
        """Offer the categories of the order."""
        super().__init__(*args, row=row, request=request, **kwargs)
        set_choices(self, "category", [(code, format_category(code, row.client_id)) for code in row.categories])


class AgreeForm(ActionForm):
    """Agreement without further input: the proposal has the reason."""

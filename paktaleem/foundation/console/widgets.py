"""Inputs of the console: the browser's own for days and times, and lines with suggestions. None needs a script."""

from collections.abc import Sequence

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import models
from django.forms.renderers import BaseRenderer
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext


class DayInput(forms.DateInput):
    """A day. HTML wants it as ``2026-11-28`` in every language; the browser shows it in its own."""

    input_type = "date"

    def __init__(self, attrs: dict[str, object] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class _TimeOfDayInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, attrs: dict[str, object] | None = None) -> None:
        super().__init__({"step": 1, **(attrs or {})}, format="%H:%M:%S")  # without a step a time with seconds fails


class MomentInput(forms.SplitDateTimeWidget):
    """A day and a time of it, in the reader's time zone, which the help of the field names."""

    template_name = "admin/widgets/split_datetime.html"

    def __init__(self, attrs: dict[str, object] | None = None) -> None:
        forms.MultiWidget.__init__(self, [DayInput, _TimeOfDayInput], attrs)

    def get_context(self, name: str, value: object, attrs: dict[str, object] | None) -> dict[str, object]:
        context = super().get_context(name, value, attrs)
        return {**context, "date_label": gettext("Day"), "time_label": gettext("Time of day")}


class SuggestionInput(forms.TextInput):
    """A line of text with suggestions, each a value and its name (HTML's ``datalist``); others can be typed."""

    suggestions: Sequence[tuple[str, str]] = ()

    def render(
        self, name: str, value: object, attrs: dict[str, object] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        if not self.suggestions:
            return super().render(name, value, attrs, renderer)
        key = f"{(attrs or {}).get('id', name)}-suggestions"
        box = super().render(name, value, {**(attrs or {}), "list": key}, renderer)
        options = format_html_join("", '<option value="{}">{}</option>', self.suggestions)
        return format_html('{}<datalist id="{}">{}</datalist>', box, key, options)


WIDGETS_BY_FIELD = {
    models.TextField: {"widget": AdminTextareaWidget},
    models.DateField: {"widget": DayInput},
    models.DateTimeField: {"form_class": forms.SplitDateTimeField, "widget": MomentInput},
}
"""The widget of the console for each kind of model field."""

"""Inputs of the console that Django does not have."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

__all__ = ["SuggestionInput"]


class SuggestionInput(forms.TextInput):
    """A line of text with suggestions, each a value and its name; the browser offers them, and others can be typed.

    HTML's ``datalist`` works without a script and with the keyboard.
    """

    suggestions: Sequence[tuple[str, str]] = ()

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Return the input and, if there are suggestions, their list."""
        if not self.suggestions:
            return super().render(name, value, attrs, renderer)
        key = f"{(attrs or {}).get('id', name)}-suggestions"
        box = super().render(name, value, {**(attrs or {}), "list": key}, renderer)
        options = format_html_join("", '<option value="{}">{}</option>', self.suggestions)
        return format_html('{}<datalist id="{}">{}</datalist>', box, key, options)

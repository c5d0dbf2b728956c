"""Form fields of rights requests."""

from typing import Any

from django import forms


def make_text_field(
    label: Any, help_text: Any = "", *, rows: int = 8, most: int = 4000, required: bool = True
) -> forms.CharField:
    """Return a field for a text of several lines, in either direction of writing, of at most ``most`` characters."""
    lines = forms.Textarea(attrs={"rows": rows, "dir": "auto"})
    return forms.CharField(label=label, help_text=help_text, max_length=most, required=required, widget=lines)

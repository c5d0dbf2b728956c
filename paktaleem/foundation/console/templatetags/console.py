"""Template tags and filters of the console."""

from django import template

from paktaleem.foundation.console import columns
from paktaleem.foundation.console import translation as words
from paktaleem.foundation.console.sandboxes import ShownSandbox, find_shown_sandbox

__all__ = ["register"]

register = template.Library()
register.filter("moment", columns.moment)
register.filter("day", columns.day)
register.filter("translated", words.translate_text)


@register.simple_tag(takes_context=True)
def shown_sandbox(context: template.Context) -> ShownSandbox | None:
    """Return the sandbox that the page is about, or None."""
    request = context.get("request")
    return find_shown_sandbox(request, context.flatten()) if request is not None else None

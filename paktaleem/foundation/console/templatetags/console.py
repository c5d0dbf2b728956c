"""Template tags and filters of the console."""

import re

from django import template
from django.utils.safestring import SafeString

from paktaleem.foundation.console import columns, translation as words
from paktaleem.foundation.console.forms import shows_effect
from paktaleem.foundation.console.register_names import format_categories, format_category, format_purposes
from paktaleem.foundation.console.sandboxes import ShownSandbox, find_shown_sandbox
from paktaleem.foundation.console.site import site
from paktaleem.foundation.text.times import join_words

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")

register = template.Library()
register.filter("moment", columns.moment_tag)
register.filter("day", columns.day_tag)
register.filter("shown", columns.list_shown)
register.filter("explained", columns.explain_value)
register.filter("purpose_names", lambda row: format_purposes(row.purposes, row.client_id))
register.filter("joined", join_words)
register.filter("category_names", lambda row: format_categories(row.categories, row.client_id))
register.filter("name_of_category", format_category)
register.filter("names_of_categories", format_categories)
register.filter("translated", words.translate_text)
register.filter("shows_effect", shows_effect)


@register.filter
def row_title(row: object) -> str:
    """Return the title of a row, as its pages show it; a date in it stays on one line (U+2060 forbids a break)."""
    return _DATE.sub("\\1-\u2060\\2-\u2060\\3", site.describe_row(row))


@register.simple_tag(takes_context=True)
def shown_sandbox(context: template.Context) -> ShownSandbox | None:
    request = context.get("request")
    return find_shown_sandbox(request, context.flatten()) if request is not None else None


@register.simple_tag(takes_context=True)
def menu(context: template.Context) -> SafeString:
    return site.render_sections("admin/menu.html", context["request"])


@register.simple_tag(takes_context=True)
def tabs(context: template.Context) -> SafeString:
    return site.render_sections("admin/tabs.html", context["request"])

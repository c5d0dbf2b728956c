"""Template tags of the public pages."""

from datetime import date

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html

from paktaleem.foundation.text.places import name_countries
from paktaleem.foundation.text.times import join_words
from paktaleem.foundation.web.public.pages import page_url

register = template.Library()
register.simple_tag(page_url, name="page_address")
register.filter("joined", join_words)
register.filter("country_names", name_countries)


@register.filter(expects_localtime=True)
def unbroken(day: date | None, name: str) -> str:
    """Return a date or time in the format of that name, on one line: browsers may break a line after a hyphen."""
    if day is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', f"{day:%Y-%m-%d}", date_format(day, name))

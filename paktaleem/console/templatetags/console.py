"""Filters of the console's templates."""

from django import template

from paktaleem.console import columns, words

__all__ = ["register"]

register = template.Library()
register.filter("moment", columns.moment)
register.filter("day", columns.day)
register.filter("translated", words.translated)

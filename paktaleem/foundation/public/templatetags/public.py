"""Template tags of the public pages."""

from django import template

from paktaleem.foundation.public.pages import page_url
from paktaleem.foundation.word_lists import join_words

__all__ = ["register"]

register = template.Library()
register.simple_tag(page_url, name="page_address")
register.filter("joined", join_words)

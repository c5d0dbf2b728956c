"""Dates of the public pages: one piece on a phone, in the client's time zone, in both languages."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from paktaleem.foundation.console.forms import find_words

AT = datetime(2026, 11, 29, 20, 30, tzinfo=UTC)
TEXT = '{% blocktranslate with day=at|unbroken:"DATE_FORMAT" %}until {{ day }}{% endblocktranslate %}'
TEMPLATE = Template("{% load i18n public %}" + TEXT)


@pytest.mark.parametrize(("language", "shown"), [("en", "2026-11-30"), ("ur", "\u20662026-11-30\u2069")])
def test_a_date_is_one_element_that_no_line_break_tears(language: str, shown: str) -> None:
    with translation.override(language), timezone.override(ZoneInfo("Asia/Karachi")):
        text = TEMPLATE.render(Context({"at": AT}))
    assert f'<time datetime="2026-11-30">{shown}</time>' in text


def test_a_date_that_is_not_set_shows_nothing() -> None:
    assert "<time" not in TEMPLATE.render(Context({"at": None}))


@pytest.mark.parametrize(("language", "shown"), [("en", "Pakistan, Ireland"), ("ur", "پاکستان، آئرلینڈ")])
def test_countries_of_a_recipient_are_named(language: str, shown: str) -> None:
    describe = find_words("consent.recipient", "countries")
    with translation.override(language):
        assert Template("{% load public %}{{ codes|country_names }}").render(Context({"codes": "PK, ie"})) == shown
        assert describe is not None
        assert describe("PK, IE") == shown


def test_a_date_in_a_title_is_in_one_piece() -> None:
    shown = Template("{% load console %}{{ row|row_title }}").render(Context({"row": "Known since 2026-11-30"}))
    assert shown == "Known since 2026-\u206011-\u206030"

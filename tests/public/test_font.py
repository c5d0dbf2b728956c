"""The Urdu web font: it has every character of the Urdu texts, and is small enough for a cheap phone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from playwright.sync_api import Browser

from tests.demo.running import Demonstration
from tools.font import CHARACTERS, FILE

ROOT = Path(__file__).resolve().parents[2]
MOST = 60_000
APPS = ("children", "consent", "paktaleem", "retention", "rights")
TEXTS = ("locale/ur/LC_MESSAGES/django.po", *(f"{app}/**/*.py" for app in APPS))
ARABIC = re.compile("[\u0600-\u06ff\ufb50-\ufdff\ufe70-\ufefe]")


def texts() -> Iterator[str]:
    """Return the sources that hold Urdu."""
    for pattern in TEXTS:
        yield from (path.read_text(encoding="utf-8") for path in ROOT.glob(pattern))


def test_every_character_of_the_urdu_texts_is_in_the_font() -> None:
    with TTFont(FILE) as font:
        assert set(font.getBestCmap()) == CHARACTERS
    missing = {sign for text in texts() for sign in ARABIC.findall(text) if ord(sign) not in CHARACTERS}
    assert missing == set(), "add them to CHARACTERS in tools/font.py and make the font again"


def test_the_font_suits_a_cheap_phone() -> None:
    assert FILE.stat().st_size <= MOST


@pytest.mark.parametrize("path", ["/privacy/khyber/?lang=ur", "/admin/login/?lang=ur"])
def test_a_page_in_urdu_may_load_it(shared_demonstration: Demonstration, chromium: Browser, path: str) -> None:
    page = chromium.new_page()
    page.goto(f"http://127.0.0.1:{shared_demonstration.port}{path}")
    loaded = page.evaluate(
        """document.fonts.load('16px "Noto Naskh Arabic"', 'ٹڈڑےں').then(faces => faces.map(one => one.status))"""
    )
    assert loaded == ["loaded"]
    page.close()

"""Which texts of a page of the console are in English though it should be completely in Urdu.

Content written by people (names, codes, notices, records) may be in any language. It is recognised by its place: in a
table cell or a value, in ``bdi``, ``code`` or ``time``, or in an element with ``lang``. The console's own texts must
not be in Latin letters anywhere.
"""

import re
from html.parser import HTMLParser

from django.conf import settings

from tests.signing_in import browser_of

_OWN = """
    PakTaleem English API UTC Excel XLSX CSV PDF LMS JPEG PNG SHA OneRoster ZIP
"""
OWN = set(_OWN.split())
"""Names that Urdu does not translate: of the project, the other language, formats and standards."""
DATA = {"bdi", "code", "pre", "time", "textarea", "option", "dd", "script", "style", "svg", "head"}
CODE = re.compile(r"\b[a-z_]+[.:][a-z_*]+")
URDU = re.compile(r"[\u0600-\u06ff]")
CHOICE = re.compile(r"_\d+$")
VOID = {"input", "br", "img", "link", "meta", "hr", "source", "wbr"}
IS_URDU = '<html lang="ur" dir="rtl"'
READ_OUT = ("alt", "title", "placeholder", "aria-label")
"""Attributes that are read to users."""


class Page(HTMLParser):
    """Collects the console's own texts of a page; ignores content in ``DATA`` elements and cells."""

    def __init__(self):
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.words: list[str] = []

    @property
    def is_data(self):
        return bool(self.open) and self.open[-1][1]

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        if not self.is_data:
            self._note(*(known[name] or "" for name in READ_OUT if name in known))
        if tag == "input" and known.get("type") == "submit":
            self._note(known.get("value") or "")
        if tag not in VOID:
            self.open.append((tag, self._opens_data(tag, known)))

    def _opens_data(self, tag, known):
        classes = (known.get("class") or "").split()
        if "pill" in classes or "help" in classes:
            return False  # states and explanations are the console's own text wherever they are
        if tag == "label" and CHOICE.search(known.get("for") or ""):
            return True
        if self.is_data or tag in DATA or known.get("lang") == "en" or known.get("dir") == "auto":
            return True
        is_heading = tag == "th" and (known.get("scope") == "row" or any(one.startswith("field-") for one in classes))
        return is_heading or tag == "td" or bool({"readonly", "url", "who", "whoami", "words", "found"} & set(classes))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not self.is_data:
            self._note(data)

    def _note(self, *texts):
        said = (CODE.sub("", text).strip() for text in texts if not URDU.search(text))
        self.words += [text for text in said if set(re.findall(r"[A-Za-z]{3,}", text)) - OWN]


def english_in(answer, url):
    text = answer.content.decode()
    assert IS_URDU in text, url
    return english_words(text)


def english_words(text):
    page = Page()
    page.feed(text)
    return page.words


def in_urdu(cast, name):
    browser = browser_of(cast.user(name))
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "ur"
    return browser

"""Codes that a page shows where people expect words."""

import re
from html.parser import HTMLParser

_NOT_BESIDE = r"[\w@/-]"
CODE = re.compile(
    rf"(?<![.])(?<!{_NOT_BESIDE})(?:[a-z][a-z0-9.]*_[a-z0-9._]*[a-z0-9]|[a-z]+(?:\.[a-z]+)+)(?!{_NOT_BESIDE}|\.[a-z])"
)
"""A name of a program: ``snake_case``, or a dotted act such as ``consent.given``."""
NAMES = re.compile(r"lms_session|lms_theme|site_[0-9a-f]{32}|ptk_\w+|[a-z.]+\.example")
"""Names of cookies, sites, keys and domains: there are no other words for them."""
NO_WORDS = {"code", "pre", "details", "script", "style", "textarea", "head", "svg"}
"""Elements that may contain codes: marked as code, or opened by those who look for details."""
VOID = {"input", "br", "img", "link", "meta", "hr", "source", "wbr", "path", "use"}


class _Reader(HTMLParser):
    """Collects the text that a reader sees without opening anything."""

    def __init__(self):
        super().__init__()
        self.open: list[str] = []
        self.codes: list[str] = []

    def handle_starttag(self, tag, attrs):
        del attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if not NO_WORDS & set(self.open):
            self.codes += [code for code in CODE.findall(data) if not NAMES.fullmatch(code)]


def codes_in(html):
    reader = _Reader()
    reader.feed(html)
    return list(dict.fromkeys(reader.codes))

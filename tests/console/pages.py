"""Common functions of the console tests: models, URLs, and parsing of pages."""

import re
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

from paktaleem.foundation.console.site import site

KARACHI = ZoneInfo("Asia/Karachi")
MODELS = sorted(f"{model._meta.app_label}/{model._meta.model_name}" for model in site._registry)


def spread(groups):
    """Return the value of each name, from the names (with spaces between them) by value; none may be there twice."""
    values = {}
    for value, names in groups.items():
        for name in names.split():
            assert name not in values, f"{name} is in the table twice"
            values[name] = value
    return values


def admin_of(model):
    return next(
        found for known, found in site._registry.items() if f"{known._meta.app_label}/{known._meta.model_name}" == model
    )


def list_url(model):
    return f"/admin/{model}/"


def row_url(model, row_id, page="change") -> str:
    return f"/admin/{model}/{row_id}/{page}/"


def shows_effect_only(page):
    red = ("errornote", "errorlist", "<title>Error", "Please correct")
    return '<div class="explain" role="status">' in page and not any(each in page for each in red)


def typed(name, at):
    local = at.astimezone(KARACHI)
    return {f"{name}_0": f"{local:%Y-%m-%d}", f"{name}_1": f"{local:%H:%M:%S}"}


def answer(response):
    headers = sorted((name, value) for name, value in response.items() if name != "Date")
    return response.status_code, response.content, [*headers, ("cookies", response.cookies.output())]


class Strict(HTMLParser):
    """Parser that collects violations of a strict content security policy."""

    def __init__(self):
        super().__init__()
        self.refused: list[str] = []

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in names) or "style" in names:
            self.refused.append(self.get_starttag_text() or tag)
        if any(re.match(r"on[a-z]+$", name) for name in names):
            self.refused.append(self.get_starttag_text() or tag)
        if any((value or "").strip().lower().startswith("javascript:") for value in names.values()):
            self.refused.append(self.get_starttag_text() or tag)


def refused_by_policy(html):
    parser = Strict()
    parser.feed(html)
    return parser.refused

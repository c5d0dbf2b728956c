"""Common functions of the console tests: models, URLs, and parsing of pages."""

import re
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

from paktaleem.foundation.console.site import site

KARACHI = ZoneInfo("Asia/Karachi")
MODELS = sorted(f"{model._meta.app_label}/{model._meta.model_name}" for model in site._registry)


def admin_of(model: str) -> Any:
    """Return the admin of a model named ``app/model``."""
    return next(
        found for known, found in site._registry.items() if f"{known._meta.app_label}/{known._meta.model_name}" == model
    )


def list_url(model: str) -> str:
    return f"/admin/{model}/"


def row_url(model: str, row_id: object, page: str = "change") -> str:
    return f"/admin/{model}/{row_id}/{page}/"


def shows_effect_only(page: str) -> bool:
    """Return True if a form shows an effect to confirm, in a neutral note and without an error."""
    red = ("errornote", "errorlist", "<title>Error", "Please correct")
    return '<div class="explain" role="status">' in page and not any(each in page for each in red)


def typed(name: str, at: datetime) -> dict[str, str]:
    """Return a time as the cast enters it in the two parts of a field: in Karachi."""
    local = at.astimezone(KARACHI)
    return {f"{name}_0": f"{local:%Y-%m-%d}", f"{name}_1": f"{local:%H:%M:%S}"}


def answer(response: Any) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Return all parts of a response that a client can observe, except the date."""
    headers = sorted((name, value) for name, value in response.items() if name != "Date")
    return response.status_code, response.content, [*headers, ("cookies", response.cookies.output())]


class Strict(HTMLParser):
    """Parser that collects violations of a strict content security policy."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in names) or "style" in names:
            self.refused.append(self.get_starttag_text() or tag)
        if any(re.match(r"on[a-z]+$", name) for name in names):
            self.refused.append(self.get_starttag_text() or tag)
        if any((value or "").strip().lower().startswith("javascript:") for value in names.values()):
            self.refused.append(self.get_starttag_text() or tag)


def refused_by_policy(html: str) -> list[str]:
    """Return the inline styles, scripts and handlers of a page."""
    parser = Strict()
    parser.feed(html)
    return parser.refused

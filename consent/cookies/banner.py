"""Texts and categories of the banner, in both languages: what ``banner.js`` and the page about cookies show.

A released file never changes: pages name its digest (Subresource Integrity), and a browser refuses another content. To
change the script, rename it to the next version and write its digest here.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, ngettext, override

from consent.cookies.models import OPTIONAL, Cookie, CookieCategory, SetBy, Storage
from consent.cookies.selectors import list_links
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.sign_in_rules import build_public_url

LANGUAGES = ("en", "ur")


def build_content(cookies: Iterable[Cookie]) -> dict[str, object]:
    """Return the content of a banner: the optional categories in use, and the texts in each language.

    ``signal``: the privacy signal refuses it; ``clears``: the browser's entries that a refusal deletes.
    """
    groups: dict[CookieCategory, list[Cookie]] = defaultdict(list)
    for cookie in cookies:
        groups[CookieCategory(cookie.category)].append(cookie)
    return {
        "categories": [
            {
                "code": category.value,
                "signal": is_covered_by_signal(category, groups[category]),
                "clears": [{"name": one.name, "storage": one.storage} for one in groups[category]],
            }
            for category in OPTIONAL
            if category in groups
        ],
        "texts": {language: _build_texts(groups, language) for language in LANGUAGES},
    }


def list_offered(content: dict[str, Any]) -> list[str]:
    """Return the codes of the optional categories of a banner."""
    return [one["code"] for one in content.get("categories", [])]


def is_covered_by_signal(category: CookieCategory, cookies: Sequence[Cookie]) -> bool:
    """Return True if Global Privacy Control refuses it: it forbids advertising and sharing with third parties."""
    return category == CookieCategory.ADVERTISING or any(one.set_by == SetBy.THIRD_PARTY for one in cookies)


def describe_category(code: str) -> str:
    """Return what the cookies of a category are for, in the current language."""
    return {
        CookieCategory.NECESSARY.value: gettext(
            "Without these the site does not work: they keep you signed in and remember your choice about cookies."
        ),
        CookieCategory.PREFERENCES.value: gettext("These remember how you like to use the site, such as its layout."),
        CookieCategory.ANALYTICS.value: gettext("These count how the site is used, to improve it."),
        CookieCategory.ADVERTISING.value: gettext("These are used to show advertising or to measure it."),
    }[code]


def serialize_cookie(cookie: Cookie, language: str) -> dict[str, str]:
    """Return a cookie as people read it, in the current language."""
    return {
        "name": cookie.name,
        "provider": cookie.provider,
        "purpose": cookie.purpose_ur if language == "ur" else cookie.purpose_en,
        "duration": _describe_duration(cookie),
        "set_by": str(SetBy(cookie.set_by).label),
        "storage": str(Storage(cookie.storage).label),
    }


def _describe_duration(cookie: Cookie) -> str:
    if cookie.days is not None:
        return ngettext("{days} day", "{days} days", cookie.days).format(days=cookie.days)
    if cookie.storage == Storage.LOCAL:
        return gettext("Until it is deleted")
    return gettext("Until the browser is closed")


def _build_texts(groups: dict[CookieCategory, list[Cookie]], language: str) -> dict[str, object]:
    with override(language):
        categories = [
            {
                "code": category.value,
                "name": str(category.label),
                "description": describe_category(category.value),
                "cookies": [serialize_cookie(one, language) for one in groups[category]],
            }
            for category in CookieCategory
            if category in groups
        ]
        return {**_labels(), "categories": categories}


def _labels() -> dict[str, str]:
    return {
        "title": gettext("Cookies on this site"),
        "lead": gettext(
            "Necessary cookies are always used. Others are used only if you accept them. You can change your choice at "
            "any time."
        ),
        "accept": gettext("Accept all"),
        "refuse": gettext("Refuse all"),
        "choose": gettext("Choose"),
        "save": gettext("Save my choice"),
        "close": gettext("Close"),
        "settings": gettext("Cookie settings"),
        "name": gettext("Name"),
        "provider": gettext("Provider"),
        "purpose": gettext("Purpose"),
        "duration": gettext("Duration"),
        "set_by": gettext("Set by"),
        "signal": gettext(
            "Your browser asks sites not to sell or share your data. So these cookies are refused: {categories}."
        ),
        "number": gettext("Your number, to change the choice on the privacy portal:"),
        "more": gettext("All about cookies on this site"),
    }


SCRIPT = "cookies/banner-1.1.0.js"
"""The script in the static files: vanilla-cookieconsent 3.1.0 with its licence and style, and our code."""
INTEGRITY = "sha384-7Z48yZS/DCmmxpwQQUkDaPr1yXLjPNKdkoC4XtfXtitmY0E90t9dpqsxyS6hhu9e"
ENTRIES = (("paktaleem_cookie_choice", Storage.COOKIE), ("paktaleem_cookie_state", Storage.LOCAL))
"""Necessary entries that the script stores in a visitor's browser; they belong in the register of each client."""


def get_script_path() -> str:
    """Return the path of the script; it has no digest in its name, so that it stays the same."""
    return f"{settings.STATIC_URL}{SCRIPT}"


def render_tag(key: str) -> str:
    """Return the element that the pages of a site include, to copy: a plain text, which templates escape."""
    address = build_public_url(get_script_path())
    return (
        f'<script src="{address}" integrity="{INTEGRITY}" crossorigin="anonymous" defer\n'
        f'        data-site="{key}" data-child="yes"></script>'
    )


def links_section(client: Client, at: datetime, language: str) -> dict[str, object] | None:
    """Return the services that the platform links to, with their privacy policies; connected to ``public_sections``."""
    del at
    urdu = language == "ur"
    links = [
        {
            "name": one.name,
            "url": one.url,
            "policy_url": one.policy_url,
            "purpose": one.purpose_ur if urdu else one.purpose_en,
        }
        for one in list_links(client.pk)
    ]
    return {"template": "privacy/links.html", "links": links, "code": client.code}

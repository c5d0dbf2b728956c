"""Drafts of letters about a breach, from templates in both languages; staff edit them before they are sent."""

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string

from consent.register.models.purposes import DataCategory
from paktaleem.directory.mail.rendering import GAP
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.breaches.models import Audience, Breach
from retention.breaches.selectors import count_affected, find_assessment

_TIME = "%Y-%m-%d %H:%M"
_UNKNOWN = f"{GAP}]"
_URDU_LETTERS = re.compile("[\u0600-\u06ff]")


def compose_breach_letters(
    breach: Breach, audience: Audience | str, *, languages: Sequence[str], actor: Actor
) -> dict[str, str]:
    """Return the draft of a letter in each language, in the context of the breach's client.

    A text that is missing, or written in the other language, is a gap (``GAP``) that staff fill before the letter is
    sent. Times are those of the client's time zone. The number of people is that of the latest assessment, or what the
    holdings say now; they are counted once. Raises NotAllowed.
    """
    total, *lines = count_affected(breach, actor=actor)
    assessment = find_assessment(breach)
    held = breach.categories or sorted({line.category for line in lines})
    is_partial = not breach.categories and assessment is not None and assessment.people > total.people
    categories = list(DataCategory.objects.filter(client_id__in={breach.client_id, PAKTALEEM}, code__in=held))
    client = Client.objects.get(pk=breach.client_id)
    times = ("happened_from", "happened_until", "known_at", "due_at")
    values = {
        "client": client.name,
        "people": f"{assessment.concerned if assessment else total.people:,}",
        "records": f"{total.records:,}",
        "support": settings.SUPPORT_ADDRESS,
        "zone": client.time_zone,
        **{name: _format_time(getattr(breach, name), client.time_zone) for name in times},
    }
    texts = {name: getattr(breach, name) for name in ("what", "consequences", "measures")}
    return {
        language: render_to_string(
            f"breaches/{Audience(audience).value}.{language}.txt",
            {
                **values,
                **{name: _show_in(language, text) for name, text in texts.items()},
                "categories": _show_categories(_name_categories(breach, categories, language), is_partial=is_partial),
            },
        ).strip()
        for language in languages
    }


def _format_time(moment: datetime | None, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime(_TIME) if moment else ""


def _show_in(language: str, text: str) -> str:
    """Return a text of the breach for a letter; as a gap to be translated if it is in the other language."""
    if not text:
        return _UNKNOWN
    is_urdu = bool(_URDU_LETTERS.search(text))
    return text if is_urdu == (language == "ur") else f"{GAP} {text}]"


def _show_categories(names: str, *, is_partial: bool) -> str:
    """Return the names of categories; as a gap if people are listed about whom no system reported any data."""
    if not names:
        return _UNKNOWN
    return f"{GAP} {names}]" if is_partial else names


def _name_categories(breach: Breach, categories: Sequence[DataCategory], language: str) -> str:
    """Return the names of categories, in the language of the letter; a client's own name takes precedence."""
    own_last = sorted(categories, key=lambda one: one.client_id == breach.client_id)
    names = {one.code: one.name_ur if language == "ur" else one.name_en for one in own_last}
    return ("، " if language == "ur" else ", ").join(names[code] for code in sorted(names))

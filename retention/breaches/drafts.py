"""Drafts of letters about a breach, from templates in both languages; staff edit them before they are sent."""

from collections.abc import Sequence

from django.conf import settings
from django.template.loader import render_to_string

from consent.register.models import DataCategory
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.breaches.models import Audience, Breach
from retention.breaches.selectors import count_affected, find_assessment

__all__ = ["compose_breach_letters"]

_TIME = "%Y-%m-%d %H:%M"
_UNKNOWN = "…"


def compose_breach_letters(
    breach: Breach, audience: Audience | str, *, languages: Sequence[str], actor: Actor
) -> dict[str, str]:
    """Return the draft of a letter in each language, in the context of the breach's client; … marks what is missing.

    The number of people is that of the latest assessment, or what the holdings say now; they are counted once. Raises
    NotAllowed.
    """
    total, *lines = count_affected(breach, actor=actor)
    assessment = find_assessment(breach)
    held = breach.categories or sorted({line.category for line in lines})
    categories = list(DataCategory.objects.filter(client_id__in={breach.client_id, PAKTALEEM}, code__in=held))
    values = {
        "client": Client.objects.values_list("name", flat=True).get(pk=breach.client_id),
        "what": breach.what,
        "consequences": breach.consequences or _UNKNOWN,
        "measures": breach.measures or _UNKNOWN,
        "happened_from": breach.happened_from.strftime(_TIME),
        "happened_until": breach.happened_until.strftime(_TIME) if breach.happened_until else "",
        "known_at": breach.known_at.strftime(_TIME),
        "due_at": breach.due_at.strftime(_TIME),
        "people": f"{assessment.people if assessment else total.people:,}",
        "records": f"{total.records:,}",
        "support": settings.SUPPORT_ADDRESS,
    }
    return {
        language: render_to_string(
            f"breaches/{Audience(audience).value}.{language}.txt",
            {**values, "categories": _name_categories(breach, categories, language) or _UNKNOWN},
        ).strip()
        for language in languages
    }


def _name_categories(breach: Breach, categories: Sequence[DataCategory], language: str) -> str:
    """Return the names of categories, in the language of the letter; a client's own name takes precedence."""
    own_last = sorted(categories, key=lambda one: one.client_id == breach.client_id)
    names = {one.code: one.name_ur if language == "ur" else one.name_en for one in own_last}
    return ("، " if language == "ur" else ", ").join(names[code] for code in sorted(names))

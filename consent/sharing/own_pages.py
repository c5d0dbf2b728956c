"""The recipients of a person's data, for their own page and for a guardian's page about a child."""

from typing import Any

from consent.notices.selectors.public import find_purposes, map_category_names
from consent.register.compiled import describe_purpose
from consent.sharing.models import Disclosure
from consent.sharing.selectors import list_own_disclosures, list_own_legal_disclosures
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.first_rows import FirstRows, take_latest

_MOST = 50


def describe_disclosures(subject: Subject, *, actor: Actor, language: str) -> dict[str, Any]:
    """Return the latest disclosures for ``sharing/received.html``, with the names of purposes and categories.

    ``actor`` is the person, or a guardian who may receive the child's data. Raises NotAllowed.
    """
    return {
        "disclosures": _name(subject, take_latest(list_own_disclosures(subject, actor=actor), _MOST), language),
        "authorities": take_latest(list_own_legal_disclosures(subject, actor=actor), _MOST),
    }


def _name(subject: Subject, found: FirstRows[Disclosure], language: str) -> FirstRows[dict[str, Any]]:
    if not found:
        return FirstRows([])
    purposes = find_purposes(subject.client_id, {one.purpose for one in found})
    names = {code: describe_purpose(row, language).name for code, row in purposes.items()}
    categories = map_category_names(subject.client_id, language="ur" if language.startswith("ur") else "en")
    return found.map(
        lambda one: {
            "one": one,
            "purpose": names.get(one.purpose, one.purpose),
            "categories": sorted(categories.get(code, code) for code in one.categories),
        }
    )

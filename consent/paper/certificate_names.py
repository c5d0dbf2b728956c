"""The names of the codes of a certificate, in English and Urdu, as they were when it was issued."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import translation

from consent.notices.selectors.public import find_purposes, map_category_names
from paktaleem.directory.data_systems.labels import EXEMPTION_LABELS
from paktaleem.directory.data_systems.selectors import name_systems
from paktaleem.foundation.audit.actors import Reason

type Both = dict[str, str]
"""A text in English (``en``) and Urdu (``ur``)."""

_LANGUAGES = ("en", "ur")


def in_each[Found](find: Callable[[], Found]) -> dict[str, Found]:
    """Return what a function returns in each language."""
    found = {}
    for language in _LANGUAGES:
        with translation.override(language):
            found[language] = find()
    return found


def in_both(say: Callable[[], Any]) -> Both:
    """Return what a function says in each language, as text."""
    return in_each(lambda: str(say()))


def name_codes(
    client_id: UUID, *, systems: Iterable[str], categories: Iterable[str], purposes: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Map the codes of each kind to their names; a code that the register does not have is mapped to itself."""
    return {
        "systems": name_systems(client_id, systems),
        "categories": _name_categories(client_id, sorted(set(categories))),
        "purposes": _name_purposes(client_id, sorted(set(purposes))),
    }


def name_reasons(codes: Iterable[str]) -> dict[str, Both]:
    """Map the codes with which systems answered that an order does not apply, and those of staff, to their words."""
    return {code: in_both(partial(_say_reason, code)) for code in set(codes) - {""}}


def _say_reason(code: str) -> Any:
    return EXEMPTION_LABELS.get(code) or translation.gettext(str(dict(Reason.choices).get(code, code)))


def _name_categories(client_id: UUID, codes: list[str]) -> dict[str, Both]:
    names = {one: map_category_names(client_id, language=one) for one in _LANGUAGES}
    return {code: {one: names[one].get(code, code) for one in _LANGUAGES} for code in codes}


def _name_purposes(client_id: UUID, codes: list[str]) -> dict[str, Both]:
    found = find_purposes(client_id, codes)
    return {
        code: {one: getattr(found[code], f"name_{one}") if code in found else code for one in _LANGUAGES}
        for code in codes
    }

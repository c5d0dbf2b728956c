"""Names of ledger entries, their families and facts, as the installed apps declare them (``PortalAppConfig``).

From them follow the names in the ledger and on webhook pages, the events that can be subscribed to, the database's list
of them (``webhooks_events``), and the table in ``docs/lms-developer.md``. The suite fails if a kind that is recorded is
missing (``tests/project/test_words_of_acts.py``).
"""

from collections import Counter

from django.apps import apps
from django.core import checks
from django.utils.translation import gettext

from paktaleem.foundation.operations.extensions import PortalAppConfig

_APPS = [app for app in apps.get_app_configs() if isinstance(app, PortalAppConfig)]


def _read_names(declared: str) -> list[tuple[str, str]]:
    pairs = (pair.partition(":") for pair in declared.split(",") if pair.strip())
    return [(code.strip(), " ".join(name.split())) for code, _, name in pairs]


ENTRY_KINDS = sorted(kind for app in _APPS for kinds in app.ledger for kind in kinds)
"""Every kind of ledger entry, by kind."""
ACT_NAMES = {kind.kind: kind.name for kind in ENTRY_KINDS}
_FAMILIES = [pair for app in _APPS for pair in _read_names(app.families)]
_FACTS = [pair for app in _APPS for pair in _read_names(app.facts)]
FAMILY_NAMES = {
    family: dict(_FAMILIES).get(family) or f"{family.replace('_', ' ').capitalize()}s"
    for family in dict.fromkeys(kind.partition(".")[0] for kind in ACT_NAMES)
}
"""Families of acts: the part of the kind before the dot."""
FACT_NAMES = dict(_FACTS)
"""Names of the facts that do not have their code as name, with spaces for underscores."""


def get_act_name(kind: str) -> str:
    """Return the translated name of an act; for a kind that is no longer recorded, the kind itself."""
    return gettext(ACT_NAMES[kind]) if kind in ACT_NAMES else kind


def check_declarations(**_: object) -> list[checks.CheckMessage]:
    """Refuse a kind, family or fact that is declared twice, and the name of a family without kinds."""
    codes = Counter([*(kind.kind for kind in ENTRY_KINDS), *(f"family {code}" for code, _ in _FAMILIES)])
    codes.update(f"fact {code}" for code, _ in _FACTS)
    twice = [f"{code} is declared twice." for code, times in codes.items() if times > 1]
    unused = [f"the family {code} has no kind of entry." for code, _ in _FAMILIES if code not in FAMILY_NAMES]
    return [checks.Error(f"Ledger: {problem}", id="audit.E001") for problem in (*twice, *unused)]

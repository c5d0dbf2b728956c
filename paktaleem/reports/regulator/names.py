"""Names of the codes that the PDF of a pack prints, in English and Urdu."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.consents.models.consents import ConsentEvent
from consent.sharing.models.legal import Informed, Instrument
from paktaleem.foundation.accounts.second_person import ChangeState
from retention.breaches.models import Breach
from retention.holdings.models.incidents import Incident
from rights.requests.models.requests import RequestPart


def _choices(model: Any, field: str) -> Mapping[str, Any]:
    return dict(model._meta.get_field(field).flatchoices)


_OUTCOMES = {
    **dict(ChangeState.choices),
    "approved_not_disclosed": _("Approved, not disclosed yet"),
    "disclosed": _("Disclosed"),
}
_NAMES: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("consents", "answer"): _choices(ConsentEvent, "state"),
    ("consents", "given_by"): _choices(ConsentEvent, "given_by"),
    ("consents", "method"): _choices(ConsentEvent, "method"),
    ("requests", "rights"): _choices(RequestPart, "kind"),
    ("requests", "answered"): {
        "open": _("Open"),
        "in time": _("In time"),
        "late": _("Late"),
        "not delivered": _("Not delivered"),
    },
    ("incidents", "cause"): _choices(Incident, "cause"),
    ("breaches", "outcome"): _choices(Breach, "outcome"),
    ("disclosures", "decision"): {},
    ("demands", "legal_basis"): dict(Instrument.choices),
    ("demands", "outcome"): _OUTCOMES,
    ("demands", "informed"): dict(Informed.choices),
    ("disposals", "kind"): {"disposal": _("Disposal"), "erasure": _("Erasure of a person")},
}
"""Names of the codes in the columns of the sections that the PDF prints; a decision's reason is its code in words."""


def name_codes(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, list[str]]]:
    """Return the English and Urdu names of the codes in each column that has names, by section and column."""
    return {
        f"{section}.{column}": {code: _in_both_languages(names.get(code), code) for code in codes}
        for (section, column), names in _NAMES.items()
        if (codes := set(_list_codes(sections[section], column)))
    }


def _list_codes(section: Mapping[str, Any], column: str) -> Iterator[str]:
    place = section["columns"].index(column)
    for row in section["rows"]:
        yield from (row[place] or "").split(", ")


def _in_both_languages(name: Promise | str | None, code: str) -> list[str]:
    found = []
    for language in ("en", "ur"):
        with translation.override(language):
            found.append(gettext(code.replace("_", " ") if name is None else str(name)))
    return found

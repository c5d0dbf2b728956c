"""Decisions as shown in the console: allowed or denied, the reason, the lawful basis."""

from consent.decisions.facts import Decision
from consent.register.compiled import Basis
from consent.register.models.purposes import BASES
from paktaleem.foundation.console.columns import render_state
from paktaleem.foundation.console.translation import translate_text


def basis_label(code: str | None) -> str:
    return str(BASES[Basis(code)]) if code else ""


def decision_cells(one: Decision) -> dict[str, object]:
    return {
        "answer": render_state("Allowed", "good") if one.allowed else render_state("Denied", "bad"),
        "reason": "" if one.allowed else translate_text(str(one.reason).replace("_", " ")),
        "basis": basis_label(one.lawful_basis),
    }

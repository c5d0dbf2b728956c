"""A decision in the words of the page: what would be answered, why, and on which lawful basis."""

from typing import Any

from consent.decisions.decision import Decision
from consent.register.models import Basis
from paktaleem.foundation.console.columns import pill
from paktaleem.foundation.console.words import translated

__all__ = ["basis_label", "decision_cells"]


def basis_label(code: Any) -> str:
    """Give a lawful basis in words."""
    return translated(dict(Basis.choices).get(code or "", code or ""))


def decision_cells(one: Decision) -> dict[str, Any]:
    """Give the cells of one decision."""
    return {
        "answer": pill("Allowed", "good") if one.allowed else pill("Denied", "bad"),
        "reason": "" if one.allowed else translated(str(one.reason).replace("_", " ")),
        "basis": basis_label(one.lawful_basis),
    }

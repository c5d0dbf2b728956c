"""The context of a decision in API responses: reason, remedy, evidence and validity."""

from typing import Any

from consent.decisions.facts import Decision
from consent.decisions.remedies import remedy_for


def serialize_decision_context(decision: Decision) -> dict[str, Any]:
    """Return the context of a decision. A caller that cannot ask again by ``valid_until`` must deny.

    ``role`` is the role by which it was decided; ``role_named`` is True if the question named it, so that a permission
    for one of several roles shows on whose statement it rests.
    """
    context: dict[str, Any] = {
        "reason": str(decision.reason),
        "role": decision.role,
        "role_named": decision.is_role_named,
        "lawful_basis": decision.lawful_basis,
        "evidence": decision.evidence,
        "valid_until": decision.valid_until,
    }
    remedy = remedy_for(decision.reason, is_child=decision.is_child, declared=decision.declared)
    if remedy is not None:
        context["remedy"] = {"text": remedy.sentence, "documentation": remedy.documentation}
        if remedy.sentence_ur:
            context["remedy"]["text_ur"] = remedy.sentence_ur
    return context

"""Remedies for refusals: a reason's sentence, the client's declarations for children, a link to the documentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from consent.decisions.reasons import ASK_GUARDIAN, ASK_GUARDIAN_UR, Reason

if TYPE_CHECKING:
    from consent.register.declarations import ClientDeclarations

DOCUMENTATION = "/docs/reasons/"

_AGE, _CONSENT = "age", "consent"
_NOT_ABOUT_CONSENT = frozenset(
    {Reason.ACCOUNT_CLOSED, Reason.ERASURE_IN_PROGRESS, Reason.LEGAL_HOLD, Reason.RETENTION_ENDED}
)
"""Reasons with a sentence in Urdu for which the client's declared procedures do not matter."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """The remedy for one reason of refusal; `documentation` is a path of this portal.

    For a child the sentences are in both languages, and include the client's declared procedures and contact.
    """

    reason: Reason
    sentence: str
    documentation: str
    sentence_ur: str = ""


def remedy_for(reason: Reason, *, is_child: bool = False, declared: ClientDeclarations | None = None) -> Remedy | None:
    """Return the remedy for a reason; None for `permitted`.

    For a child it names the guardian, and the procedures the client has declared.
    """
    sentence, urdu = reason.sentence, reason.sentence_ur
    if not sentence:
        return None
    if is_child and reason.answered_by == "guardian":
        sentence, urdu = ASK_GUARDIAN, ASK_GUARDIAN_UR
    if urdu and declared is not None and reason not in _NOT_ABOUT_CONSENT:
        kinds = (_AGE, _CONSENT) if reason is Reason.AGE_UNKNOWN else (_CONSENT,)
        sentence, urdu = _with_declared(sentence, urdu, declared, kinds)
    return Remedy(reason, sentence, f"{DOCUMENTATION}#{reason.value}", urdu)


def _with_declared(english: str, urdu: str, declared: ClientDeclarations, kinds: tuple[str, ...]) -> tuple[str, str]:
    """Add the client's declared procedures and contact, if declared."""
    rules = [rule for kind in kinds if (rule := declared.of(kind)) is not None]
    if not rules:
        return english, urdu
    name, where = declared.client, f" ({declared.address})" if declared.address else ""
    for rule in rules:
        english = f"{english} {_HOW[rule.kind]} {name}: {rule.description} (See: {rule.reference}.)"
        described = rule.description_ur or rule.description
        urdu = f"{urdu} {name}: {_HOW_UR[rule.kind]} {described} (دیکھیں: {rule.reference}۔)"
    return f"{english} Ask there: {name}{where}.", f"{urdu} وہاں پوچھیں: {name}{where}۔"


_HOW = {_AGE: "How ages are verified at", _CONSENT: "How guardians' consent is obtained at"}
_HOW_UR = {_AGE: "عمر کی تصدیق کا طریقہ:", _CONSENT: "سرپرستوں سے رضامندی لینے کا طریقہ:"}

"""What would help after a refusal: one short sentence and a place to read on, for each reason code."""

from __future__ import annotations

from dataclasses import dataclass

from consent.facts import Reason

DOCUMENTATION = "docs/decisions-api.md"

_ASK_AGAIN = "Ask the person again, under the notice in force, and record the answer."
_ASK_GUARDIAN = "For a child only a guardian with verified authority may consent: have the school ask one."

_SENTENCES = {
    Reason.SUBJECT_UNKNOWN: "Register the person first, by PUT /api/v1/subjects/{external_id}.",
    Reason.SUBJECT_ERASED: "Nothing: the person was erased. Remove whatever copies are left.",
    Reason.ACTION_UNKNOWN: "Use one of the actions collect, store, process, share, delete.",
    Reason.PURPOSE_UNKNOWN: "Use a purpose code from GET /api/v1/purposes, or have the client add this one.",
    Reason.PURPOSE_INACTIVE: "Have the client's administrator open the purpose again.",
    Reason.SALE_FORBIDDEN: "Nothing: personal data is never sold.",
    Reason.CATEGORY_UNKNOWN: "Use category codes of the register, or have the client add this one.",
    Reason.CATEGORY_NOT_COVERED: "Ask for the purpose's own categories only.",
    Reason.NO_AGREEMENT: "The client and PakTaleem must sign a service agreement that has begun.",
    Reason.AGREEMENT_SUSPENDED: "Wait until the service agreement is resumed; storing and deleting go on.",
    Reason.AGREEMENT_ENDED: "The service agreement must be renewed; deleting stays allowed.",
    Reason.NOT_INSTRUCTED: "The client must instruct PakTaleem for this purpose and all these categories.",
    Reason.RECIPIENT_MISSING: "Name the recipient in resource.properties.recipient.",
    Reason.RECIPIENT_NOT_APPROVED: (
        "The recipient must be approved and instructed for this purpose and these categories, "
        "and the client's time to object must be over."
    ),
    Reason.QUARANTINED: "A privacy officer must settle the report about this person's data first.",
    Reason.AGE_UNKNOWN: (
        "Register a birth date or an attested age; for a child, a guardian with verified authority must consent."
    ),
    Reason.GUARDIAN_CONSENT_REQUIRED: "A guardian with verified authority must consent: have the school ask one.",
    Reason.GUARDIAN_CONSENT_REFUSED: "Only the guardian can change this.",
    Reason.GUARDIAN_CONSENT_WITHDRAWN: "Only the guardian can change this.",
    Reason.GUARDIAN_AUTHORITY_LAPSED: "The guardian's authority must be verified anew: have the school ask them.",
    Reason.PROCESSING_RESTRICTED: "Wait until the restriction is lifted; storing and deleting go on.",
    Reason.BASIS_MISSING: "The client must set a lawful basis for this purpose and the person's role.",
    Reason.CONSENT_MISSING: "Ask the person, under the notice in force, and record the answer.",
    Reason.CONSENT_REFUSED: "Respect the refusal; the person may change their mind.",
    Reason.CONSENT_WITHDRAWN: "Respect the withdrawal; the person may consent anew, under a notice shown anew.",
    Reason.CONSENT_REVOKED: _ASK_AGAIN,
    Reason.CONSENT_EXPIRED: _ASK_AGAIN,
    Reason.CONSENT_OUTDATED: _ASK_AGAIN,
    Reason.CONSENT_INVALIDATED: _ASK_AGAIN,
    Reason.CONSENT_NOT_BY_GUARDIAN: _ASK_GUARDIAN,
    Reason.BALANCING_MISSING: "A privacy officer must sign the balancing test of this purpose.",
    Reason.OBJECTION_IN_FORCE: "Respect the objection; a privacy officer decides on it.",
    Reason.UNDECIDABLE: "The stored facts contradict each other: report it to support@PakTaleem.com.",
}
_ANSWERED_BY_GUARDIAN = frozenset(
    {
        Reason.CONSENT_MISSING,
        Reason.CONSENT_REVOKED,
        Reason.CONSENT_EXPIRED,
        Reason.CONSENT_OUTDATED,
        Reason.CONSENT_INVALIDATED,
    }
)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would help after one reason of refusal; `documentation` is relative to the portal's root."""

    reason: Reason
    sentence: str
    documentation: str


def remedy_for(reason: Reason, *, is_child: bool = False) -> Remedy | None:
    """Say what would help, for a child whom to ask; None when there is nothing to remedy: `permitted`."""
    sentence = _SENTENCES.get(reason)
    if sentence is None:
        return None
    if is_child and reason in _ANSWERED_BY_GUARDIAN:
        sentence = _ASK_GUARDIAN
    return Remedy(reason, sentence, f"{DOCUMENTATION}#{reason.value}")

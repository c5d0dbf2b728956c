"""Remedies for refusals: one short sentence and a link to the documentation for each reason code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from consent.decisions.facts import Reason

if TYPE_CHECKING:
    from consent.register.compiled import ClientDeclarations

DOCUMENTATION = "/docs/reasons/"

_ASK_AGAIN = "Ask the person again with the notice in effect, and record the answer."
_ASK_GUARDIAN = "For a child only a guardian with verified authority may consent: have the school ask one."

_SENTENCES = {
    Reason.SUBJECT_TYPE_UNKNOWN: "Send the subject type end_user (or user), and the person's id.",
    Reason.SUBJECT_UNKNOWN: "Register the person first, by PUT /api/v1/subjects/{external_id}.",
    Reason.SUBJECT_ERASED: "None: the person was erased. Delete any remaining copies.",
    Reason.ERASURE_IN_PROGRESS: (
        "None: the person is being erased. Delete what is held and complete the order to erase; deleting stays allowed."
    ),
    Reason.ACTION_UNKNOWN: "Use one of the actions collect, store, process, share, delete.",
    Reason.RESOURCE_TYPE_UNKNOWN: "Send the resource type purpose, and the purpose's code as its id.",
    Reason.PURPOSE_UNKNOWN: "Use a purpose code from GET /api/v1/purposes, or have the client add this one.",
    Reason.PURPOSE_INACTIVE: "Have the client's administrator activate the purpose again.",
    Reason.SALE_FORBIDDEN: "None: personal data is never sold.",
    Reason.CATEGORY_UNKNOWN: "Use category codes of the register, or have the client add this one.",
    Reason.CATEGORY_NOT_COVERED: "Ask for the purpose's own categories only.",
    Reason.NO_AGREEMENT: "The client and PakTaleem must sign a service agreement that has begun.",
    Reason.AGREEMENT_SUSPENDED: "Wait until the service agreement is resumed; storing and deleting stay allowed.",
    Reason.AGREEMENT_ENDED: "The service agreement must be renewed; deleting stays allowed.",
    Reason.NOT_INSTRUCTED: "The client must instruct PakTaleem for this purpose and all these categories.",
    Reason.ACCOUNT_CLOSED: (
        "Send the event active once the account is in use again; storing, deleting and legal duties stay allowed."
    ),
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
    Reason.GUARDIAN_AUTHORITY_LAPSED: "The guardian's authority must be verified again: have the school ask them.",
    Reason.PROCESSING_RESTRICTED: "Wait until the restriction is lifted; storing and deleting stay allowed.",
    Reason.BASIS_MISSING: "The client must set a lawful basis for this purpose and the person's role.",
    Reason.CONSENT_MISSING: "Ask the person with the notice in effect, and record the answer.",
    Reason.CONSENT_REFUSED: "Respect the refusal; the person may change their mind.",
    Reason.CONSENT_WITHDRAWN: "Respect the withdrawal; the person may consent again after the notice is shown again.",
    Reason.CONSENT_REVOKED: _ASK_AGAIN,
    Reason.CONSENT_EXPIRED: _ASK_AGAIN,
    Reason.CONSENT_OUTDATED: _ASK_AGAIN,
    Reason.CONSENT_INVALIDATED: _ASK_AGAIN,
    Reason.CONSENT_NOT_BY_GUARDIAN: _ASK_GUARDIAN,
    Reason.BALANCING_MISSING: "A privacy officer must sign the balancing test of this purpose.",
    Reason.OBJECTION_IN_FORCE: "Respect the objection; a privacy officer decides on it.",
    Reason.UNDECIDABLE: "The stored facts contradict each other: report it to support@PakTaleem.com.",
}
_AGE, _CONSENT = "age", "consent"
_ASK_SCHOOL_UR = "سکول سے کہیں کہ وہ سرپرست سے پوچھے۔"
_ASK_GUARDIAN_UR = f"بچے کی طرف سے صرف تصدیق شدہ اختیار والا سرپرست رضامندی دے سکتا ہے: {_ASK_SCHOOL_UR}"
_ONLY_GUARDIAN_UR = "یہ فیصلہ صرف سرپرست بدل سکتے ہیں۔"
_URDU = {
    Reason.AGE_UNKNOWN: (
        "تاریخ پیدائش یا تصدیق شدہ عمر درج کروائیں؛ بچہ ہو تو تصدیق شدہ اختیار والے سرپرست کی رضامندی لازم ہے۔"
    ),
    Reason.GUARDIAN_CONSENT_REQUIRED: f"تصدیق شدہ اختیار والے سرپرست کی رضامندی لازم ہے: {_ASK_SCHOOL_UR}",
    Reason.GUARDIAN_CONSENT_REFUSED: _ONLY_GUARDIAN_UR,
    Reason.GUARDIAN_CONSENT_WITHDRAWN: _ONLY_GUARDIAN_UR,
    Reason.GUARDIAN_AUTHORITY_LAPSED: "سرپرست کے اختیار کی نئے سرے سے تصدیق لازم ہے: سکول سے کہیں کہ وہ ان سے پوچھے۔",
    Reason.CONSENT_NOT_BY_GUARDIAN: _ASK_GUARDIAN_UR,
    Reason.ERASURE_IN_PROGRESS: (
        "کوئی نہیں: اس شخص کا ڈیٹا مٹایا جا رہا ہے۔ جو کچھ محفوظ ہے اسے حذف کریں اور مٹانے کا حکم مکمل کریں؛ "
        "حذف کرنے کی اجازت برقرار ہے۔"
    ),
    Reason.ACCOUNT_CLOSED: (
        "اکاؤنٹ دوبارہ استعمال ہونے لگے تو active کا واقعہ بھیجیں؛ "
        "محفوظ رکھنے، حذف کرنے اور قانونی تقاضوں کی اجازت برقرار ہے۔"
    ),
}
"""Urdu sentences for the reasons that schools and families read."""
_ANSWERED_BY_GUARDIAN = frozenset(
    {
        Reason.CONSENT_MISSING,
        Reason.CONSENT_REVOKED,
        Reason.CONSENT_EXPIRED,
        Reason.CONSENT_OUTDATED,
        Reason.CONSENT_INVALIDATED,
    }
)
_NOT_ABOUT_CONSENT = frozenset({Reason.ACCOUNT_CLOSED, Reason.ERASURE_IN_PROGRESS})
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
    sentence = _SENTENCES.get(reason)
    if sentence is None:
        return None
    urdu = _URDU.get(reason, "")
    if is_child and reason in _ANSWERED_BY_GUARDIAN:
        sentence, urdu = _ASK_GUARDIAN, _ASK_GUARDIAN_UR
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

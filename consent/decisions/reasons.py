"""Reason codes of a decision, each with the sentence of its remedy. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from consent.register.compiled import ClientDeclarations


_ASK_AGAIN = "Ask the person again with the notice in effect, and record the answer."
ASK_GUARDIAN = "For a child only a guardian with verified authority may consent: have the school ask one."
_ASK_SCHOOL_UR = "اسکول سے کہیں کہ وہ سرپرست سے پوچھے۔"
ASK_GUARDIAN_UR = f"بچے کی طرف سے صرف تصدیق شدہ اختیار والا سرپرست رضامندی دے سکتا ہے: {_ASK_SCHOOL_UR}"
_ONLY_GUARDIAN_UR = "یہ فیصلہ صرف سرپرست بدل سکتے ہیں۔"
_GUARDIAN = "guardian"


class Reason(StrEnum):
    """Reason codes of a decision: stable, part of the API. All but `permitted` are refusals, and have a `sentence`.

    `sentence_ur` is for schools and families. `answered_by` guardian: the remedy for a child is `ASK_GUARDIAN`.
    """

    sentence: str
    sentence_ur: str
    answered_by: str

    def __new__(cls, code: str, sentence: str = "", sentence_ur: str = "", answered_by: str = "") -> Self:
        reason = str.__new__(cls, code)
        reason._value_ = code
        reason.sentence, reason.sentence_ur, reason.answered_by = sentence, sentence_ur, answered_by
        return reason

    PERMITTED = "permitted"
    SUBJECT_TYPE_UNKNOWN = ("subject_type_unknown", "Send the subject type end_user (or user), and the person's id.")
    SUBJECT_UNKNOWN = ("subject_unknown", "Register the person first, by PUT /api/v1/subjects/{external_id}.")
    SUBJECT_ERASED = ("subject_erased", "None: the person was erased. Delete any remaining copies.")
    ERASURE_IN_PROGRESS = (
        "erasure_in_progress",
        (
            "None: the person is being erased. Delete what is held and complete the order to erase; deleting stays "
            "allowed."
        ),
        (
            "کوئی نہیں: اس شخص کا ڈیٹا مٹایا جا رہا ہے۔ جو کچھ محفوظ ہے اسے حذف کریں اور مٹانے کا حکم مکمل کریں؛ "
            "حذف کرنے کی اجازت برقرار ہے۔"
        ),
    )
    ROLE_NOT_HELD = (
        "role_not_held",
        "Name one of the person's roles, which GET /api/v1/subjects/{external_id} lists, or name none.",
    )
    ACTION_UNKNOWN = ("action_unknown", "Use one of the actions collect, store, process, share, delete.")
    RESOURCE_TYPE_UNKNOWN = (
        "resource_type_unknown",
        "Send the resource type purpose, and the purpose's code as its id.",
    )
    PURPOSE_UNKNOWN = (
        "purpose_unknown",
        "Use a purpose code from GET /api/v1/purposes, or have the client add this one.",
    )
    PURPOSE_INACTIVE = ("purpose_inactive", "Have the client's administrator activate the purpose again.")
    SALE_FORBIDDEN = ("sale_forbidden", "None: personal data is never sold.")
    CATEGORY_UNKNOWN = ("category_unknown", "Use category codes of the register, or have the client add this one.")
    CATEGORY_NOT_COVERED = ("category_not_covered", "Ask for the purpose's own categories only.")
    AUTOMATED_NOT_DESCRIBED = (
        "automated_not_described",
        "Describe the profiling or the automated decision on the purpose's page, and have a second person approve it.",
    )
    ASSESSMENT_MISSING = (
        "assessment_missing",
        (
            "Assess the impact on the purpose's page, and have a second person approve it; if the remaining risk is "
            "high, record the authority's answer too."
        ),
    )
    NO_AGREEMENT = ("no_agreement", "The client and PakTaleem must sign a service agreement that has begun.")
    AGREEMENT_SUSPENDED = (
        "agreement_suspended",
        "Wait until the service agreement is resumed; storing and deleting stay allowed.",
    )
    AGREEMENT_ENDED = ("agreement_ended", "The service agreement must be renewed; deleting stays allowed.")
    NOT_INSTRUCTED = ("not_instructed", "The client must instruct PakTaleem for this purpose and all these categories.")
    ACCOUNT_CLOSED = (
        "account_closed",
        "Send the event active once the account is in use again; storing, deleting and legal duties stay allowed.",
        (
            "اکاؤنٹ دوبارہ استعمال ہونے لگے تو active کا واقعہ بھیجیں؛ "
            "محفوظ رکھنے، حذف کرنے اور قانونی تقاضوں کی اجازت برقرار ہے۔"
        ),
    )
    RECIPIENT_MISSING = ("recipient_missing", "Name the recipient in resource.properties.recipient.")
    RECIPIENT_NOT_APPROVED = (
        "recipient_not_approved",
        (
            "The recipient must be approved and instructed for this purpose and these categories, "
            "and the client's time to object must be over."
        ),
    )
    RECIPIENT_OBJECTED = (
        "recipient_objected",
        "The client objects to this recipient: share only after it has withdrawn its objection.",
    )
    RECIPIENT_CONSENT_REQUIRED = (
        "recipient_consent_required",
        "This recipient is not part of the service: share for a purpose of its own that is based on consent.",
    )
    TRANSFER_NOT_ASSESSED = (
        "transfer_not_assessed",
        "Assess the transfer on the recipient's page, and have a second person approve it.",
    )
    QUARANTINED = ("quarantined", "A privacy officer must settle the report about this person's data first.")
    AGE_UNKNOWN = (
        "age_unknown",
        "Register a birth date or an attested age; for a child, a guardian with verified authority must consent.",
        "تاریخ پیدائش یا تصدیق شدہ عمر درج کروائیں؛ بچہ ہو تو تصدیق شدہ اختیار والے سرپرست کی رضامندی لازم ہے۔",
    )
    GUARDIAN_CONSENT_REQUIRED = (
        "guardian_consent_required",
        "A guardian with verified authority must consent: have the school ask one.",
        f"تصدیق شدہ اختیار والے سرپرست کی رضامندی لازم ہے: {_ASK_SCHOOL_UR}",
    )
    GUARDIAN_CONSENT_REFUSED = ("guardian_consent_refused", "Only the guardian can change this.", _ONLY_GUARDIAN_UR)
    GUARDIAN_CONSENT_WITHDRAWN = ("guardian_consent_withdrawn", "Only the guardian can change this.", _ONLY_GUARDIAN_UR)
    GUARDIAN_AUTHORITY_LAPSED = (
        "guardian_authority_lapsed",
        "The guardian's authority must be verified again: have the school ask them.",
        "سرپرست کے اختیار کی نئے سرے سے تصدیق لازم ہے: اسکول سے کہیں کہ وہ ان سے پوچھے۔",
    )
    PROCESSING_RESTRICTED = (
        "processing_restricted",
        "Wait until the restriction is lifted; storing and deleting stay allowed.",
    )
    LEGAL_HOLD = (
        "legal_hold",
        "Keep the data: it is on hold. Delete it once the hold is lifted.",
        "معلومات محفوظ رکھیں: ان پر روک ہے۔ روک اٹھنے کے بعد حذف کریں۔",
    )
    RETENTION_ENDED = (
        "retention_ended",
        "Do not use the data: its retention period is over, and it is to be deleted. Collect it anew if it is needed.",
        "معلومات استعمال نہ کریں: انہیں رکھنے کی مدت ختم ہو چکی ہے۔ ضرورت ہو تو نئے سرے سے حاصل کریں۔",
    )
    BASIS_MISSING = ("basis_missing", "The client must set a lawful basis for this purpose and the person's role.")
    CONSENT_MISSING = (
        "consent_missing",
        "Ask the person with the notice in effect, and record the answer.",
        "",
        _GUARDIAN,
    )
    CONSENT_REFUSED = ("consent_refused", "Respect the refusal; the person may change their mind.")
    CONSENT_WITHDRAWN = (
        "consent_withdrawn",
        "Respect the withdrawal; the person may consent again after the notice is shown again.",
    )
    CONSENT_REVOKED = ("consent_revoked", _ASK_AGAIN, "", _GUARDIAN)
    CONSENT_EXPIRED = ("consent_expired", _ASK_AGAIN, "", _GUARDIAN)
    CONSENT_OUTDATED = ("consent_outdated", _ASK_AGAIN, "", _GUARDIAN)
    CONSENT_INVALIDATED = ("consent_invalidated", _ASK_AGAIN, "", _GUARDIAN)
    CONSENT_NOT_BY_GUARDIAN = ("consent_not_by_guardian", ASK_GUARDIAN, ASK_GUARDIAN_UR)
    BALANCING_MISSING = ("balancing_missing", "A privacy officer must sign the balancing test of this purpose.")
    OBJECTION_IN_FORCE = ("objection_in_force", "Respect the objection; a privacy officer decides on it.")
    UNDECIDABLE = ("undecidable", "The stored facts contradict each other: report it to support@PakTaleem.com.")


DOCUMENTATION = "/docs/reasons/"

_AGE, _CONSENT = "age", "consent"
_NOT_ABOUT_CONSENT = frozenset(
    {Reason.ACCOUNT_CLOSED, Reason.ERASURE_IN_PROGRESS, Reason.LEGAL_HOLD, Reason.RETENTION_ENDED}
)
"""Reasons with a sentence in Urdu for which the client's declared procedures do not matter."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """The remedy for one reason; `documentation` is a path of this portal, `sentence_ur` for schools and families."""

    reason: Reason
    sentence: str
    documentation: str
    sentence_ur: str = ""


def remedy_for(reason: Reason, *, is_child: bool = False, declared: ClientDeclarations | None = None) -> Remedy | None:
    """Return the remedy for a reason; None for `permitted`. For a child it names guardian and client's procedures."""
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

"""The strength of each method of verifying a guardian, and the strength that a purpose requires. Pure.

The methods are those of COPPA (16 CFR 312.5(b)(2)), and attestation by the school. Email-plus and text-plus prove only
control of a contact: they are insufficient where data reaches outside recipients (312.5(b)(2)(viii) and (ix)).
"""

from enum import IntEnum, StrEnum


class Strength(IntEnum):
    """The strength of a verification; a greater one includes the smaller."""

    NONE = 0
    BASIC = 1
    """Sufficient for internal use, never where data reaches an outside recipient."""
    SUBSTANTIAL = 2
    """Sufficient for every purpose."""
    HIGH = 3
    """The person or one of their documents was seen."""


class Method(StrEnum):
    """A method of verifying a guardian."""

    SIGNED_FORM = "signed_form"
    IN_PERSON = "in_person"
    SCHOOL_ATTESTED = "school_attested"
    PAYMENT_CARD = "payment_card"
    TOLL_FREE_CALL = "toll_free_call"
    VIDEO_CONFERENCE = "video_conference"
    GOV_ID_DATABASE = "gov_id_database"
    KNOWLEDGE_BASED = "knowledge_based"
    FACE_MATCH_PHOTO_ID = "face_match_photo_id"
    EMAIL_PLUS = "email_plus"
    TEXT_PLUS = "text_plus"


METHODS: dict[Method, Strength] = {
    Method.SIGNED_FORM: Strength.HIGH,
    Method.IN_PERSON: Strength.HIGH,
    Method.VIDEO_CONFERENCE: Strength.HIGH,
    Method.GOV_ID_DATABASE: Strength.HIGH,
    Method.FACE_MATCH_PHOTO_ID: Strength.HIGH,
    Method.PAYMENT_CARD: Strength.SUBSTANTIAL,
    Method.TOLL_FREE_CALL: Strength.SUBSTANTIAL,
    Method.KNOWLEDGE_BASED: Strength.SUBSTANTIAL,
    Method.SCHOOL_ATTESTED: Strength.BASIC,
    Method.EMAIL_PLUS: Strength.BASIC,
    Method.TEXT_PLUS: Strength.BASIC,
}

CONFIRMED: dict[Method, Strength] = {Method.SCHOOL_ATTESTED: Strength.SUBSTANTIAL}
"""Methods by which no one saw a document or the guardian; they are stronger once a second person confirms them."""

PROVIDER_METHODS = frozenset(
    {
        Method.PAYMENT_CARD,
        Method.TOLL_FREE_CALL,
        Method.VIDEO_CONFERENCE,
        Method.GOV_ID_DATABASE,
        Method.KNOWLEDGE_BASED,
        Method.FACE_MATCH_PHOTO_ID,
    }
)
"""Methods carried out by a provider; only the number and the result of the check are stored."""

STAFF_METHODS = frozenset({Method.SIGNED_FORM, Method.IN_PERSON, Method.SCHOOL_ATTESTED})
"""Methods carried out by the school's staff; the evidence is a reference, or a signed form that is stored sealed."""


def strength_of(method: str) -> Strength:
    """Return the strength of a method (16 CFR 312.5(b)(2)); NONE for an unknown one."""
    return METHODS.get(Method(method), Strength.NONE) if method in set(Method) else Strength.NONE


def needed_strength(*, reaches_outside: bool) -> Strength:
    """Return the strength that a purpose requires: more if data reaches others (16 CFR 312.5(b)(2)(viii))."""
    return Strength.SUBSTANTIAL if reaches_outside else Strength.BASIC

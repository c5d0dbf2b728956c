"""How strongly a method shows that it is a guardian who answers, and how strong it must be. Pure.

The methods are those of COPPA (16 CFR 312.5(b)(2)), and the school's own word. Email-plus and text-plus show only that
somebody reads an address twice: they are invalid wherever data reaches somebody outside (312.5(b)(2)(viii) and (ix)).
"""

from enum import IntEnum, StrEnum

__all__ = ["METHODS", "PROVIDER_METHODS", "STAFF_METHODS", "Method", "Strength", "needed_strength", "strength_of"]


class Strength(IntEnum):
    """How much a verification shows; the greater includes the smaller."""

    NONE = 0
    BASIC = 1
    """enough for use inside, never where data reaches a recipient outside"""
    SUBSTANTIAL = 2
    """enough for everything"""
    HIGH = 3
    """somebody saw the person, or a paper of theirs"""


class Method(StrEnum):
    """In which way a guardian was verified."""

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
    Method.SCHOOL_ATTESTED: Strength.SUBSTANTIAL,
    Method.PAYMENT_CARD: Strength.SUBSTANTIAL,
    Method.TOLL_FREE_CALL: Strength.SUBSTANTIAL,
    Method.KNOWLEDGE_BASED: Strength.SUBSTANTIAL,
    Method.EMAIL_PLUS: Strength.BASIC,
    Method.TEXT_PLUS: Strength.BASIC,
}

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
"""What a provider does for the client; only the number and the result of its check are kept."""

STAFF_METHODS = frozenset({Method.SIGNED_FORM, Method.IN_PERSON, Method.SCHOOL_ATTESTED})
"""What the school's staff see for themselves; its evidence is a reference, or a signed form that is kept sealed."""


def strength_of(method: str) -> Strength:
    """Say how strong a method is; an unknown one shows nothing."""
    return METHODS.get(Method(method), Strength.NONE) if method in set(Method) else Strength.NONE


def needed_strength(*, reaches_outside: bool) -> Strength:
    """Say how strong the verification must be for a purpose, by whether its data reach somebody outside."""
    return Strength.SUBSTANTIAL if reaches_outside else Strength.BASIC

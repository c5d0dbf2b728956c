"""Services of agreements."""

from consent.agreements.services.attesting import NOTIFY, attest_duties, remind_of_duties
from consent.agreements.services.contacts import add_contact
from consent.agreements.services.documents import add_document, open_document
from consent.agreements.services.life import (
    NotInForce,
    NotSuspended,
    end_agreement,
    resume_agreement,
    suspend_agreement,
)
from consent.agreements.services.signing import (
    NotADraft,
    NotSignedYet,
    PaperSignatureNotAllowed,
    SideHasSigned,
    decline_signing,
    sign_agreement,
)

__all__ = [
    "NOTIFY",
    "NotADraft",
    "NotInForce",
    "NotSignedYet",
    "NotSuspended",
    "PaperSignatureNotAllowed",
    "SideHasSigned",
    "add_contact",
    "add_document",
    "attest_duties",
    "decline_signing",
    "end_agreement",
    "open_document",
    "remind_of_duties",
    "resume_agreement",
    "sign_agreement",
    "suspend_agreement",
]

"""Models of purposes, agreements, notices and consents."""

from consent.models.agreements import AgreementSuspension, Instruction, Recipient, RecipientApproval, ServiceAgreement
from consent.models.announcements import (
    NoticeDispatch,
    NoticeEffect,
    NoticeResponse,
    PolicyAcknowledgement,
    ResponseCode,
    ResponseKind,
)
from consent.models.changes import RegisterChange, SubjectChange
from consent.models.consents import Consent, ConsentEvent, ConsentState, Method, Objection, Restriction
from consent.models.evidence import ConsentEvidence
from consent.models.notices import Notice, NoticeDraft, NoticeVersion
from consent.models.purposes import (
    BalancingTest,
    Basis,
    Capacity,
    DataCategory,
    LawfulBasis,
    Occasion,
    Purpose,
    RegisterVersion,
)

__all__ = [
    "AgreementSuspension",
    "BalancingTest",
    "Basis",
    "Capacity",
    "Consent",
    "ConsentEvent",
    "ConsentEvidence",
    "ConsentState",
    "DataCategory",
    "Instruction",
    "LawfulBasis",
    "Method",
    "Notice",
    "NoticeDispatch",
    "NoticeDraft",
    "NoticeEffect",
    "NoticeResponse",
    "NoticeVersion",
    "Objection",
    "Occasion",
    "PolicyAcknowledgement",
    "Purpose",
    "Recipient",
    "RecipientApproval",
    "RegisterChange",
    "RegisterVersion",
    "ResponseCode",
    "ResponseKind",
    "Restriction",
    "ServiceAgreement",
    "SubjectChange",
]

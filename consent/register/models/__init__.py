"""Models of register."""

from consent.register.models.agreements import (
    AgreementSuspension,
    Instruction,
    Recipient,
    RecipientApproval,
    ServiceAgreement,
)
from consent.register.models.purposes import (
    BalancingTest,
    Basis,
    Capacity,
    DataCategory,
    LawfulBasis,
    Occasion,
    Purpose,
    RegisterVersion,
)
from consent.register.models.widenings import PurposeWidening, WideningKind

__all__ = [
    "AgreementSuspension",
    "BalancingTest",
    "Basis",
    "Capacity",
    "DataCategory",
    "Instruction",
    "LawfulBasis",
    "Occasion",
    "Purpose",
    "PurposeWidening",
    "Recipient",
    "RecipientApproval",
    "RegisterVersion",
    "ServiceAgreement",
    "WideningKind",
]

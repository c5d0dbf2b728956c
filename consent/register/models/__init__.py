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
    "Recipient",
    "RecipientApproval",
    "RegisterVersion",
    "ServiceAgreement",
]

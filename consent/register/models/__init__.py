"""Models of register."""

from consent.register.models.agreements import (
    AgreementSuspension,
    Instruction,
    Recipient,
    RecipientApproval,
    RecipientKind,
    ServiceAgreement,
    TransferGround,
)
from consent.register.models.capacities import PurposeCapacity
from consent.register.models.purposes import (
    BalancingTest,
    Basis,
    Capacity,
    DataCategory,
    LawfulBasis,
    ListedLaw,
    Occasion,
    Purpose,
    RegisterVersion,
)
from consent.register.models.safeguards import SafeguardChange, SafeguardKind
from consent.register.models.widenings import PurposeWidening, WideningKind

__all__ = [
    "AgreementSuspension",
    "BalancingTest",
    "Basis",
    "Capacity",
    "DataCategory",
    "Instruction",
    "LawfulBasis",
    "ListedLaw",
    "Occasion",
    "Purpose",
    "PurposeCapacity",
    "PurposeWidening",
    "Recipient",
    "RecipientApproval",
    "RecipientKind",
    "RegisterVersion",
    "SafeguardChange",
    "SafeguardKind",
    "ServiceAgreement",
    "TransferGround",
    "WideningKind",
]

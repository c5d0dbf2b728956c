"""Models of consents."""

from consent.consents.models.acknowledgements import PolicyAcknowledgement
from consent.consents.models.consents import (
    Consent,
    ConsentEvent,
    ConsentState,
    Method,
    Objection,
    Restriction,
)
from consent.consents.models.evidence import ConsentEvidence

__all__ = [
    "Consent",
    "ConsentEvent",
    "ConsentEvidence",
    "ConsentState",
    "Method",
    "Objection",
    "PolicyAcknowledgement",
    "Restriction",
]

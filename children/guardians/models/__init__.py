"""Guardians, their answers, changes that wait for approval, and quarantines."""

from children.guardians.models.authorisations import (
    Decision,
    Route,
    SchoolAuthorisation,
    ServiceAuthorisation,
)
from children.guardians.models.cases import (
    ConflictOutcome,
    GuardianChange,
    GuardianConflict,
    Quarantine,
    QuarantineCause,
)
from children.guardians.models.guardians import (
    Guardianship,
    Relationship,
    Source,
    Verification,
    VerificationMethod,
    VerificationStrength,
)
from children.guardians.models.mechanisms import (
    CHECK_URL,
    OPEN_CHECKS,
    CheckState,
    ChildMechanism,
    MechanismKind,
    ProviderCheck,
)

__all__ = [
    "CHECK_URL",
    "OPEN_CHECKS",
    "CheckState",
    "ChildMechanism",
    "ConflictOutcome",
    "Decision",
    "GuardianChange",
    "GuardianConflict",
    "Guardianship",
    "MechanismKind",
    "ProviderCheck",
    "Quarantine",
    "QuarantineCause",
    "Relationship",
    "Route",
    "SchoolAuthorisation",
    "ServiceAuthorisation",
    "Source",
    "Verification",
    "VerificationMethod",
    "VerificationStrength",
]

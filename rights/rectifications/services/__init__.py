"""Services of rectifications, one for each act."""

from rights.rectifications.services.applying import (
    CorrectionsMissing,
    NoneRefused,
    SomeRefused,
    StatedTwice,
    correct_person,
)
from rights.rectifications.services.closing import CorrectionWaits, RecipientsNotInformed
from rights.rectifications.services.recipients import record_informed
from rights.rectifications.services.roles import StillGuardian, correct_roles
from rights.rectifications.services.statements import (
    AlreadySettled,
    NoRectification,
    Statement,
    TooManyCorrections,
    add_correction,
    read_corrections,
    refuse_correction,
)

__all__ = [
    "AlreadySettled",
    "CorrectionWaits",
    "CorrectionsMissing",
    "NoRectification",
    "NoneRefused",
    "RecipientsNotInformed",
    "SomeRefused",
    "StatedTwice",
    "Statement",
    "StillGuardian",
    "TooManyCorrections",
    "add_correction",
    "correct_person",
    "correct_roles",
    "read_corrections",
    "record_informed",
    "refuse_correction",
]

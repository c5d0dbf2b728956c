"""Changing what is held about people, by noun."""

from paktaleem.subjects.services.erasure import (
    AlreadyErased,
    CarriedOut,
    carry_out,
    erase_subject,
)
from paktaleem.subjects.services.people import claim_guardian, register_subject, reveal_fields
from paktaleem.subjects.services.readmission import (
    AlreadyAsked,
    NotErased,
    SamePerson,
    approve_readmission,
    request_readmission,
)

__all__ = [
    "AlreadyAsked",
    "AlreadyErased",
    "CarriedOut",
    "NotErased",
    "SamePerson",
    "approve_readmission",
    "carry_out",
    "claim_guardian",
    "erase_subject",
    "register_subject",
    "request_readmission",
    "reveal_fields",
]

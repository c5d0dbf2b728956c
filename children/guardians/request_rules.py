"""The conditions for a guardian's request about a child's data. Pure."""

from datetime import datetime
from enum import StrEnum

from children.guardians.authority import Guardian
from children.strength import Strength


class RequestBlocker(StrEnum):
    """Why a guardian may not make a request."""

    NOT_VERIFIED = "not_verified"
    """The guardian has no valid verification or may not decide."""
    TOO_WEAK = "too_weak"
    """The guardian is verified by two messages only: enough to decide, not to receive a child's data."""
    NOT_TOLD = "not_told"
    """The guardian may not receive data about the child."""


def why_not_allowed(
    guardian: Guardian, *, discloses_data: bool, may_receive_data: bool, at: datetime
) -> RequestBlocker | None:
    """Return why this guardian may not make a request, or None if they may.

    Every request requires a guardian with authority. One that discloses data also requires the same strength as outside
    recipients (COPPA, 16 CFR 312.5(b)(2)(viii)) and ``may_receive_data``.
    """
    if not guardian.has_authority(at):
        return RequestBlocker.NOT_VERIFIED
    if not discloses_data:
        return None
    if not may_receive_data:
        return RequestBlocker.NOT_TOLD
    return RequestBlocker.TOO_WEAK if guardian.strength(at) < Strength.SUBSTANTIAL else None

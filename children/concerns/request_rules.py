"""Guardians' requests about a child's data, and the conditions for making them. Pure."""

from datetime import datetime
from enum import StrEnum

from children.guardians.authority import Guardian
from children.guardians.strength import Strength

__all__ = ["RequestBlocker", "RequestKind", "why_not_allowed"]


class RequestKind(StrEnum):
    """A kind of request: what should happen to the data."""

    COPY = "copy"
    DELETION = "deletion"
    KEEP = "keep"


class RequestBlocker(StrEnum):
    """Why a guardian may not make a request."""

    NOT_VERIFIED = "not_verified"
    """The guardian has no valid verification or may not decide."""
    TOO_WEAK = "too_weak"
    """The guardian is verified by two messages only: enough to decide, not to receive a child's data."""
    NOT_TOLD = "not_told"
    """The guardian may not receive data about the child."""


def why_not_allowed(
    wish: RequestKind, guardian: Guardian, *, may_receive_data: bool, at: datetime
) -> RequestBlocker | None:
    """Return why this guardian may not make a request, or None if they may.

    A copy discloses data, so it requires the same strength as outside recipients (COPPA, 16 CFR 312.5(b)(2)(viii)) and
    ``may_receive_data``. A deletion requires a guardian with authority. ``keep`` requires nothing.
    """
    if wish is RequestKind.KEEP:
        return None
    if not guardian.has_authority(at):
        return RequestBlocker.NOT_VERIFIED
    if wish is RequestKind.DELETION:
        return None
    if not may_receive_data:
        return RequestBlocker.NOT_TOLD
    return RequestBlocker.TOO_WEAK if guardian.strength(at) < Strength.SUBSTANTIAL else None

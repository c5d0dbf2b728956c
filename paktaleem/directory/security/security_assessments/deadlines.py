"""When a finding must be mended, how long its risk may be accepted, and when officers are reminded. Pure.

All days are days of PakTaleem's staff.
"""

from collections.abc import Mapping
from datetime import date, timedelta

DAYS_TO_MEND: Mapping[str, int] = {"critical": 7, "high": 30, "medium": 90, "low": 180}
"""Days from the day on which a finding was found to the day by which it is mended, by severity."""
SOON = timedelta(days=14)
"""How long before its day a finding or the next assessment needs attention."""
LONGEST_ACCEPTANCE = timedelta(days=365)
_WEEK = timedelta(days=7)


def get_due_day(severity: str, found_on: date) -> date:
    """Return the day by which a finding is mended. Raises KeyError for an unknown severity."""
    return found_on + timedelta(days=DAYS_TO_MEND[severity])


def find_stage(due_on: date, today: date) -> int | None:
    """Return the stage of the reminders of a day: one reminder is sent for each stage; None while it is far off.

    Stage 0 begins ``SOON`` before the day, stage 1 on the day, and a new stage each week after it.
    """
    if today < due_on - SOON:
        return None
    return 0 if today < due_on else 1 + (today - due_on) // _WEEK

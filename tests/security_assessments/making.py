"""Security assessments for tests; all are PakTaleem's own."""

import io
from datetime import datetime, timedelta
from typing import Any

from paktaleem.directory.security.security_assessments.models import SecurityAssessment, get_staff_day
from paktaleem.directory.security.security_assessments.services import record_assessment
from paktaleem.foundation.accounts.actors import Actor


def make_assessment(
    *, actor: Actor, at: datetime, report: bytes = b"%PDF-1.7 report", **values: Any
) -> SecurityAssessment:
    """Record a penetration test that ended today, in PakTaleem's context; the next one is due in a year."""
    today = get_staff_day(at)
    facts = {
        "kind": "penetration_test",
        "scope": "The portal, from outside.",
        "done_by": "Lahore Security Ltd, independent",
        "done_on": today,
        "next_on": today + timedelta(days=365),
    }
    return record_assessment(SecurityAssessment(**{**facts, **values}), io.BytesIO(report), actor=actor, at=at)

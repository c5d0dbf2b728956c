"""Security assessments for tests; all are PakTaleem's own."""

from datetime import datetime, timedelta
from typing import Any

from paktaleem.directory.security.security_assessments.models import Finding, SecurityAssessment, get_staff_day
from paktaleem.directory.security.security_assessments.services import record_assessment, record_finding
from paktaleem.foundation.accounts.actors import Actor


def make_assessment(*, actor: Actor, at: datetime, **values: Any) -> SecurityAssessment:
    """Record a penetration test that ended today, in PakTaleem's context; the next one is due in a year."""
    today = get_staff_day(at)
    facts = {
        "kind": "penetration_test",
        "scope": "The portal, from outside.",
        "done_by": "Lahore Security Ltd, independent",
        "starts_on": today - timedelta(days=5),
        "ends_on": today,
        "next_on": today + timedelta(days=365),
    }
    return record_assessment(SecurityAssessment(**{**facts, **values}), actor=actor, at=at)


def make_finding(
    assessment: SecurityAssessment, severity: str = "high", *, actor: Actor, at: datetime, **values: Any
) -> Finding:
    """Record a finding of the last day of an assessment."""
    facts = {
        "title": "Old version of a library",
        "description": "The proxy runs a version with a known weakness.",
        "team": "Operations",
        "found_on": assessment.ends_on,
    }
    return record_finding(assessment, severity=severity, **{**facts, **values}, actor=actor, at=at)

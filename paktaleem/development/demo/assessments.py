"""Security assessments of the demonstration: a penetration test with three findings, and a review that is due."""

from datetime import datetime, timedelta

from paktaleem.directory.security_assessments.models import (
    AssessmentKind,
    Finding,
    FindingSeverity,
    SecurityAssessment,
    get_staff_day,
)
from paktaleem.directory.security_assessments.services.acceptances import request_acceptance
from paktaleem.directory.security_assessments.services.assessments import record_assessment
from paktaleem.directory.security_assessments.services.findings import record_finding, record_remediation
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.ids import PAKTALEEM

_DAY = timedelta(days=1)
_TEST_ENDED = 40 * _DAY
_REVIEW_ENDED = 360 * _DAY
_FINDINGS = (
    (
        FindingSeverity.HIGH,
        "Sign-in page without a limit per network",
        "Many accounts can be tried from one network, each a few times.",
    ),
    (
        FindingSeverity.MEDIUM,
        "Old version of the proxy",
        "The proxy in front of the portal has a version with a known weakness.",
    ),
    (
        FindingSeverity.LOW,
        "Version of the web server is shown",
        "The header of each answer names the product and its version.",
    ),
)


def fill_assessments(*, actor: Actor, at: datetime) -> None:
    """Record two assessments and three findings as an officer, unless there are any.

    In PakTaleem's context. One finding is mended, one is open, and the risk of one waits for its acceptance.
    """
    if SecurityAssessment.objects.filter(client_id=PAKTALEEM).exists():
        return
    today = get_staff_day(at)
    review = SecurityAssessment(
        kind=AssessmentKind.REVIEW,
        scope="Settings of the servers, the database and the backups.",
        done_by="Operations",
        starts_on=today - _REVIEW_ENDED - 2 * _DAY,
        ends_on=today - _REVIEW_ENDED,
        next_on=today - _REVIEW_ENDED + 365 * _DAY,
    )
    record_assessment(review, actor=actor, at=at)
    test = SecurityAssessment(
        kind=AssessmentKind.PENETRATION_TEST,
        scope="The portal and its API, from outside and with an account of a client.",
        done_by="Lahore Security Ltd, independent",
        starts_on=today - _TEST_ENDED - 5 * _DAY,
        ends_on=today - _TEST_ENDED,
        next_on=today - _TEST_ENDED + 365 * _DAY,
    )
    record_assessment(test, actor=actor, at=at)
    _record_findings(test, actor, at)


def _record_findings(test: SecurityAssessment, actor: Actor, at: datetime) -> None:
    by: dict[str, Finding] = {}
    for severity, title, description in _FINDINGS:
        by[severity] = record_finding(
            test,
            title=title,
            description=description,
            severity=severity,
            team="Operations",
            found_on=test.ends_on,
            actor=actor,
            at=at,
        )
    record_remediation(
        by[FindingSeverity.HIGH],
        remediation="Sign-ins are also counted for each network; checked with the tester’s own script.",
        mended_on=test.ends_on + 12 * _DAY,
        reason=Reason.REVIEW,
        actor=actor,
        at=at,
    )
    request_acceptance(
        by[FindingSeverity.LOW],
        ground="The version is not secret, and the server is updated every week.",
        until=get_staff_day(at) + 180 * _DAY,
        actor=actor,
        at=at,
    )

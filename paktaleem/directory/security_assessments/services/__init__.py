"""Services of security assessments: record, find, mend, accept, remind."""

from paktaleem.directory.security_assessments.services.acceptances import (
    AcceptanceAlreadyRequested,
    decide_acceptance,
    request_acceptance,
)
from paktaleem.directory.security_assessments.services.assessments import (
    add_report,
    open_report,
    plan_next_assessment,
    record_assessment,
)
from paktaleem.directory.security_assessments.services.findings import (
    FindingMended,
    FindingOpen,
    change_finding,
    record_finding,
    record_remediation,
    reopen_finding,
)
from paktaleem.directory.security_assessments.services.reminders import remind_of_assessments

__all__ = [
    "AcceptanceAlreadyRequested",
    "FindingMended",
    "FindingOpen",
    "add_report",
    "change_finding",
    "decide_acceptance",
    "open_report",
    "plan_next_assessment",
    "record_assessment",
    "record_finding",
    "record_remediation",
    "remind_of_assessments",
    "reopen_finding",
    "request_acceptance",
]

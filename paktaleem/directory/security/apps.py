"""Django app of security events and security assessments."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class SecurityConfig(PortalAppConfig):
    name = "paktaleem.directory.security"
    parts = ("security_events", "security_assessments")
    handlers = (
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".security_events.models.EVENTS"),
        ("paktaleem.foundation.operations.metrics.gauge_readers", ".security_events.services.read_events"),
        ("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", ".security_assessments.models.REPORT_KEYS"),
    )
    ledger = (
        entry("security_assessment.recorded"),
        entry("security_assessment.report_opened", "Report of a security assessment opened"),
    )

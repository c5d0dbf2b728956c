"""Django app of security assessments."""

from paktaleem.foundation.operations.extensions import config


class SecurityAssessmentsConfig(config.PortalAppConfig):
    """Assessments of PakTaleem's security with their reports."""

    name = "paktaleem.directory.security.security_assessments"
    label = "security_assessments"
    verbose_name = "security assessments"
    handlers = (
        (
            "paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds",
            "paktaleem.directory.security.security_assessments.models.REPORT_KEYS",
        ),
    )

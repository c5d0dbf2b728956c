"""Console pages of security assessments."""

from paktaleem.directory.security_assessments.admin import acceptances, assessments, dashboard, findings

"""Console pages of security assessments."""

from paktaleem.directory.security_assessments.admin import acceptances, assessments, findings
from paktaleem.directory.security_assessments.admin import dashboard as board

__all__ = ["acceptances", "assessments", "board", "findings"]

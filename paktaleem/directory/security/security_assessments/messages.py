"""Email to PakTaleem's officers about findings and assessments that are due."""

from paktaleem.directory.mail.kinds import declare_message

ASSESSMENTS_DUE = declare_message("security_assessments_due", fields=("overdue", "soon", "assessments", "url"))
"""``overdue`` and ``soon`` are numbers of findings, ``assessments`` of kinds whose next assessment is due."""

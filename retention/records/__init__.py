"""The record of processing activities and impact assessments (GDPR Art. 30 and 35)."""

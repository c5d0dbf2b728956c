"""Security events and security assessments."""

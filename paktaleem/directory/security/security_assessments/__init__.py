"""PakTaleem's register of security assessments, their findings and due dates (policy §5)."""

"""PakTaleem's register of security assessments, their findings and due dates (policy §5, decision 0119)."""

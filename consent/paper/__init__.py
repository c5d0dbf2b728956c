"""Consent on paper and by telephone for a whole class: forms, answer sheets and the matching queue."""

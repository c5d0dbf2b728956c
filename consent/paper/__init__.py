"""Consent on paper and by telephone for a whole class: forms, answers typed in a list, and their confirmation."""

"""Structured logs: one JSON object a line, of fields on a list, without personal data."""

"""Texts, cells, phone numbers, times and typesetting, used by every app above."""

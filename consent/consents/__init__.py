"""Consents and their evidence: given, refused, withdrawn, ended."""

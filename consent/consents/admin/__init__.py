"""Consents and the acts on a person's page in the console."""

from consent.consents.admin import consents, evidence, people

__all__ = ["consents", "evidence", "people"]

"""Consents and the acts on a person's page in the console."""

from consent.consents.admin import consents, evidence, standing
from consent.consents.admin import person_page as people

__all__ = ["consents", "evidence", "people", "standing"]

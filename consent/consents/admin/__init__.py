"""Consents and the acts on a person's page in the console."""

from consent.consents.admin import consents, person_page

"""Purposes, lawful basis, agreements, notices, consent, recipients; the decision."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """The register, consent and the decision."""

    name = "consent"
    label = "consent"

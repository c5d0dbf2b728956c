"""Consent on paper and by telephone for a whole class."""

from django.apps import AppConfig


class PaperConfig(AppConfig):
    """Forms, answer sheets and their matching queue."""

    name = "consent.paper"
    label = "paper"

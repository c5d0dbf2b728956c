"""Django app of the command ``doctor``."""

from django.apps import AppConfig


class DiagnosisConfig(AppConfig):
    """Provides the command ``doctor``; apps connect their checks."""

    name = "paktaleem.foundation.operations.diagnosis"
    label = "diagnosis"

"""Django app of the demonstration."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Provides the command ``demo``."""

    name = "paktaleem.office.demo"

"""The officers' face: Django's admin, scoped, with history and our theme."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The console."""

    name = "paktaleem.console"
    label = "console"

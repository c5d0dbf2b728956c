"""The officers' face: Django's admin, scoped, with history and our theme."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig, apps

OWN_PACKAGES = ("paktaleem.", "children", "consent", "retention", "rights")


class ConsoleConfig(AppConfig):
    """The console."""

    name = "paktaleem.foundation.console"
    label = "console"

    def ready(self) -> None:
        """Register the admin of our own apps, and of nobody else's."""
        for app in apps.get_app_configs():
            if app.name.startswith(OWN_PACKAGES) and find_spec(f"{app.name}.admin"):
                import_module(f"{app.name}.admin")

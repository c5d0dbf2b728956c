"""App configuration of the console, Django's admin for staff with scopes, history and a theme."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig, apps

OWN_PACKAGES = ("paktaleem.", "children", "consent", "retention", "rights")


class ConsoleConfig(AppConfig):
    """The console."""

    name = "paktaleem.foundation.console"
    label = "console"

    def ready(self) -> None:
        """Import the admin modules of our own apps only."""
        for app in apps.get_app_configs():
            if app.name.startswith(OWN_PACKAGES) and find_spec(f"{app.name}.admin"):
                import_module(f"{app.name}.admin")

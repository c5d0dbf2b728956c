"""Configuration of the demonstration app, which also registers the start-up checks."""

from django.apps import AppConfig
from django.core import checks


class DemoConfig(AppConfig):
    """Provides the command ``demo``; as the topmost app it also registers the start-up refusals as checks."""

    name = "paktaleem.development.demo"
    label = "demo"

    def ready(self) -> None:
        """Register the checks."""
        from paktaleem.foundation.startup.checks import check_database, check_settings  # noqa: PLC0415 -- needs the app registry

        checks.register(check_settings, checks.Tags.security, deploy=True)
        checks.register(check_database, checks.Tags.database)

"""Django app of the start-up checks."""

from django.apps import AppConfig
from django.core import checks


class StartupConfig(AppConfig):
    """Registers the reasons to refuse a start as system checks."""

    name = "paktaleem.foundation.startup"
    label = "startup"

    def ready(self) -> None:
        """Register the checks."""
        from paktaleem.foundation.startup.checks import check_database, check_settings  # noqa: PLC0415 -- needs the app registry

        checks.register(check_settings, checks.Tags.security, deploy=True)
        checks.register(check_database, checks.Tags.database)
